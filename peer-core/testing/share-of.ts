import { concatBytes } from "../src/base/bytes.js";
import { createMetainfo } from "../src/torrent/create-metainfo.js";
import type { Metainfo } from "../src/torrent/metainfo.js";
import { createMicrotaskHasher } from "./microtask-hasher.js";
import { seededRandom } from "./seeded-random.js";

export interface TestShare {
  readonly metainfo: Metainfo;
  readonly content: Uint8Array;
  /** By path, with "/". */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** A share of files with random content, by paths with "/" and lengths. Several files unless `name` is given. */
export async function shareOf(
  lengths: readonly (readonly [path: string, length: number])[],
  { name, pieceLength = 32_768, seed = 1 }: { name?: string; pieceLength?: number; seed?: number } = {},
): Promise<TestShare> {
  const random = seededRandom(seed);
  const files = new Map(lengths.map(([path, length]) => [path, random.bytes(length)]));
  const sources = [...files].map(([path, bytes]) => ({
    path: path.split("/"),
    length: bytes.length,
    read: (position: number, into: Uint8Array) => {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return Promise.resolve(part.length);
    },
  }));
  const hasher = createMicrotaskHasher();
  const isMultiFile = name === undefined;
  const metainfo = await createMetainfo({ name: name ?? "share", files: sources, isMultiFile, pieceLength, hasher });
  const inOrder = metainfo.files.map(({ path }) => files.get(path.join("/")) ?? new Uint8Array(0));
  return { metainfo, content: concatBytes(inOrder), files };
}
