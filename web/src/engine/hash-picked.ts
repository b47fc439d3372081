import type { HashOptions, SourceFile } from "@shoal/peer-core/torrent";
import { BlobLanes } from "./blob-lanes.js";
import { asSourceError, type PickedContent } from "./picked-content.js";

/** Pieces read and hashed at once: more gain nothing on 2 cores, and each has a stream of its own. */
const LANES = 4;
/** So far each goes on before it leaves out what others have hashed. */
const RUN_BYTES = 32 * 1024 * 1024;

/** Has `hash` hash picked files, which are read by streams over the borders of files. Rejects with what it throws. */
export async function hashPicked<Result>(
  content: PickedContent,
  options: Pick<HashOptions, "hasher" | "onProgress" | "signal">,
  hash: (sources: readonly SourceFile[], options: HashOptions) => Promise<Result>,
): Promise<Result> {
  const reader = new BlobLanes(content.blob, LANES);
  try {
    return await hash(sourcesOf(content, reader), { ...options, parallel: LANES, runBytes: RUN_BYTES });
  } finally {
    reader.close();
  }
}

function sourcesOf(content: PickedContent, reader: BlobLanes): readonly SourceFile[] {
  let offset = 0;
  return content.files.map(({ path, file }) => {
    const from = offset;
    offset += file.size;
    const read = async (position: number, into: Uint8Array): Promise<number> => {
      try {
        return await reader.read(from + position, into.subarray(0, Math.max(0, file.size - position)));
      } catch (error) {
        throw asSourceError(error);
      }
    };
    return { path, length: file.size, read };
  });
}
