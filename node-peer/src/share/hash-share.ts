import type { Hasher } from "@shoal/peer-core";
import { displayName, equalBytes, pieceHash, type Metainfo } from "@shoal/peer-core/torrent";
import type { Progress } from "../terminal/progress.js";
import type { HashMemory } from "../storage/hash-memory.js";
import { hashSource } from "../storage/hash-source.js";
import type { ScannedSource } from "../storage/scan-source.js";
import { formatCount, formatSize } from "../units.js";

/** A source and the metainfo that was made of it. */
export interface HashedShare {
  readonly source: ScannedSource;
  readonly metainfo: Metainfo;
}

export interface HashOptions {
  readonly hasher: Hasher;
  readonly progress: Pick<Progress, "add">;
  /** Bytes; by the size of the content when undefined. */
  readonly pieceLength: number | undefined;
  /** Remembered hashes of files that have not changed; undefined: all are hashed and none remembered. */
  readonly memory: HashMemory | undefined;
  /** Hash again what is remembered, too. */
  readonly verify: boolean;
  /** Told, with `verify`, of what is not as it was remembered, though its files look the same. */
  readonly onWarning?: ((code: string, message: string) => void) | undefined;
  readonly signal: AbortSignal;
}

/** Hashes a source, or recalls its hashes, and shows how it comes along. Rejects as `hashSource` does. */
export async function hashShare(source: ScannedSource, options: HashOptions): Promise<HashedShare> {
  const { memory, pieceLength, hasher, signal, verify } = options;
  const hashedFromMs = Date.now();
  let done = 0;
  const endProgress = options.progress.add({
    line: () => `${displayName(source.name)}  hashing ${percent(done, source.length)}% of ${formatSize(source.length)}`,
    event: () => ({ event: "hashing", path: source.path, done, size: source.length }),
  });
  try {
    const onProgress = (hashedBytes: number) => (done = hashedBytes);
    const metainfo = await hashSource(source, {
      hasher,
      memory: verify ? undefined : memory,
      pieceLength,
      onProgress,
      signal,
    });
    if (verify) {
      const remembered = await memory?.recall(source, pieceLength, hasher);
      if (remembered !== undefined) tellDifference(remembered, metainfo, options);
      await memory?.remember(source, pieceLength, { metainfo, hashedFromMs });
    }
    done = source.length;
    return { source, metainfo };
  } finally {
    endProgress();
    await source.close();
  }
}

/** Its files have neither another size nor another time: a disk that fails, or somebody who hides it. */
function tellDifference(remembered: Metainfo, metainfo: Metainfo, { onWarning }: HashOptions): void {
  if (remembered.infoHash === metainfo.infoHash) return;
  const { geometry, name } = metainfo;
  let wrong = 0;
  for (const piece of geometry.pieces()) {
    if (!equalBytes(pieceHash(remembered, piece), pieceHash(metainfo, piece))) wrong++;
  }
  const count = `${wrong} of ${formatCount(geometry.pieceCount, "piece")}`;
  onWarning?.(
    "source-changed",
    `${name}: ${count} not what was shared before, though its files look unchanged: check them, and the disk; this is a new share`,
  );
}

function percent(done: number, all: number): number {
  return all === 0 ? 100 : Math.floor((100 * done) / all);
}
