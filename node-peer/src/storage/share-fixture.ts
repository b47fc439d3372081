import { createHash } from "node:crypto";
import type { Hasher } from "@shoal/peer-core";
import { createMetainfo, pieceHash, type Metainfo } from "@shoal/peer-core/torrent";
import type { VerifyPiece } from "./confirm-claims.js";

/** A share made up for tests, with all of its bytes in memory. */
export interface ShareFixture {
  readonly metainfo: Metainfo;
  readonly content: Uint8Array;
}

/** Bytes per piece of a fixture. */
export const FIXTURE_PIECE = 32 * 1024;

/** SHA-1 by node:crypto, for tests. */
export const fixtureHasher: Hasher = {
  sha1: (bytes) => Promise.resolve(new Uint8Array(createHash("sha1").update(bytes).digest())),
};

/** `length` bytes that look random and are the same for the same `seed`. */
export function fixtureBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** A share of one file with `files` bytes, or of several, given as lengths by path. */
export async function makeShare(name: string, files: Readonly<Record<string, number>> | number): Promise<ShareFixture> {
  const lengths = Object.entries(typeof files === "number" ? { [name]: files } : files);
  const contents = new Map(lengths.map(([path, length], at) => [path, fixtureBytes(length, at)]));
  const metainfo = await createMetainfo({
    name,
    isMultiFile: typeof files !== "number",
    pieceLength: FIXTURE_PIECE,
    hasher: fixtureHasher,
    files: [...contents].map(([path, bytes]) => ({
      path: path.split("/"),
      length: bytes.length,
      read: (position: number, into: Uint8Array) => {
        const part = bytes.subarray(position, position + into.length);
        into.set(part);
        return Promise.resolve(part.length);
      },
    })),
  });
  const content = new Uint8Array(metainfo.length);
  for (const file of metainfo.files) {
    content.set(contents.get(file.path.join("/")) ?? new Uint8Array(), file.offset);
  }
  return { metainfo, content };
}

/** The bytes of one piece: a view. */
export function pieceBytes({ metainfo, content }: ShareFixture, index: number): Uint8Array {
  const piece = metainfo.geometry.pieceIndex(index);
  const offset = metainfo.geometry.pieceOffset(piece);
  return content.subarray(offset, offset + metainfo.geometry.pieceSize(piece));
}

/** Verifies pieces as the product does, counting how often it was asked. */
export function countingVerifier({ metainfo }: ShareFixture): { count: number; readonly verifyPiece: VerifyPiece } {
  const counter = {
    count: 0,
    verifyPiece: async (piece: Parameters<VerifyPiece>[0], bytes: Uint8Array) => {
      counter.count++;
      return Buffer.compare(await fixtureHasher.sha1(bytes), pieceHash(metainfo, piece)) === 0;
    },
  };
  return counter;
}
