import type { Hasher } from "@shoal/peer-core";
import { createMetainfo, type Metainfo } from "@shoal/peer-core/torrent";
import type { HashMemory } from "./hash-memory.js";
import type { ScannedSource } from "./scan-source.js";

export interface HashSourceOptions {
  readonly hasher: Hasher;
  /** Asked first and told afterwards; without it everything is hashed. */
  readonly memory?: HashMemory | undefined;
  /** Bytes; the usual one for the size when left out. */
  readonly pieceLength?: number | undefined;
  readonly onProgress?: ((hashedBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The metainfo of a source, remembered or hashed now. Rejects with ShoalError "source-changed" when a file was written
 * to meanwhile, "source" when one cannot be read, "metainfo", "unsafe-name", "aborted".
 */
export async function hashSource(source: ScannedSource, options: HashSourceOptions): Promise<Metainfo> {
  const { hasher, memory, pieceLength, onProgress, signal } = options;
  const remembered = await memory?.recall(source, pieceLength, hasher);
  if (remembered !== undefined) return remembered;
  const hashedFromMs = Date.now();
  const { name, files, isMultiFile } = source;
  const metainfo = await createMetainfo({ name, files, isMultiFile, pieceLength, hasher, onProgress, signal });
  await source.assertUnchanged();
  await memory?.remember(source, pieceLength, { metainfo, hashedFromMs });
  return metainfo;
}
