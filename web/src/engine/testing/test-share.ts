import { createMetainfo, type Metainfo } from "@shoal/peer-core/torrent";
import { createWebCryptoHasher } from "@shoal/peer-core/platform";
import type { PickedFile } from "../messages.js";

export const PIECE = 32_768;

/** Bytes that differ everywhere. */
export function content(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  let state = seed;
  return Uint8Array.from({ length }, () => (state = (state * 1_103_515_245 + 12_345) >>> 0) >>> 24);
}

export interface TestShare {
  readonly metainfo: Metainfo;
  /** All files, one behind the other, in the order of the metainfo. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly picked: readonly PickedFile[];
}

/** A share of files `a`, `b`, … of these sizes, in pieces of 32 KiB; several are a folder. */
export async function testShare(sizes: readonly number[]): Promise<TestShare> {
  const bytes = content(sizes.reduce((sum, size) => sum + size, 0));
  let offset = 0;
  const picked = sizes.map((size, index) => {
    const name = String.fromCharCode("a".charCodeAt(0) + index);
    offset += size;
    return { path: [name], file: new File([bytes.subarray(offset - size, offset)], name) };
  });
  const metainfo = await createMetainfo({
    name: sizes.length > 1 ? "folder" : "a",
    isMultiFile: sizes.length > 1,
    pieceLength: PIECE,
    hasher: createWebCryptoHasher(),
    files: picked.map(({ path, file }) => ({
      path,
      length: file.size,
      read: async (position, into) => {
        const part = new Uint8Array(await file.slice(position, position + into.length).arrayBuffer());
        into.set(part);
        return part.length;
      },
    })),
  });
  return { metainfo, bytes, picked };
}
