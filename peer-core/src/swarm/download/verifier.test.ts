import { expect, it } from "vitest";
import { createMemoryPieceStore, createWebCryptoHasher } from "../../../platform/index.js";
import { seededRandom } from "../../../testing/seeded-random.js";
import { equalBytes } from "../../base/bytes.js";
import { ShoalError } from "../../base/errors.js";
import type { PieceStore } from "../../ports/piece-store.js";
import { createMetainfo } from "../../torrent/create-metainfo.js";
import type { Metainfo } from "../../torrent/metainfo.js";
import { PieceAssembly } from "./piece-assembly.js";
import { Verifier } from "./verifier.js";

const PIECE = 32 * 1024;
const hasher = createWebCryptoHasher();
const content = seededRandom(3).bytes(3 * PIECE);

async function share(): Promise<Metainfo> {
  const read = (position: number, into: Uint8Array) => {
    into.set(content.subarray(position, position + into.length));
    return Promise.resolve(into.length);
  };
  const files = [{ path: ["a"], length: content.length, read }];
  return await createMetainfo({ name: "a", files, isMultiFile: false, pieceLength: PIECE, hasher });
}

/** A piece that has come, right or with a wrong byte. */
function assemblyOf(metainfo: Metainfo, index: number, isRight = true): PieceAssembly {
  const bytes = content.slice(index * PIECE, (index + 1) * PIECE);
  if (!isRight) bytes[7] = (bytes[7] ?? 0) ^ 1;
  return new PieceAssembly(metainfo.geometry.pieceIndex(index), bytes);
}

const running = () => false;

it("stores what matches and nothing else", async () => {
  const metainfo = await share();
  const store = createMemoryPieceStore({ pieceCount: 3 });
  const verifier = new Verifier(metainfo, store, hasher);
  expect(await verifier.verify(assemblyOf(metainfo, 1), running)).toEqual({ kind: "stored" });
  expect(await verifier.verify(assemblyOf(metainfo, 2, false), running)).toEqual({ kind: "mismatch" });
  expect(await verifier.verify(assemblyOf(metainfo, 0), () => true)).toEqual({ kind: "stopped" });
  expect([...store.present()]).toEqual([0, 1, 0]);
});

it("leaves hashing to a store that hashes and writes in one go", async () => {
  const metainfo = await share();
  const asked: number[] = [];
  const full = new ShoalError("disk-full", "full");
  const store: PieceStore = {
    ...bound(createMemoryPieceStore({ pieceCount: 3 })),
    write: () => Promise.reject(new Error("not asked for this")),
    writeIfMatching: async (piece, data, sha1) => {
      asked.push(piece);
      if (piece === 0) throw full;
      return equalBytes(await hasher.sha1(data), sha1);
    },
  };
  const never = { sha1: () => Promise.reject(new Error("not asked for this either")) };
  const verifier = new Verifier(metainfo, store, never);
  expect(await verifier.verify(assemblyOf(metainfo, 1), running)).toEqual({ kind: "stored" });
  expect(await verifier.verify(assemblyOf(metainfo, 2, false), running)).toEqual({ kind: "mismatch" });
  expect(await verifier.verify(assemblyOf(metainfo, 0), running)).toEqual({ kind: "store-failed", error: full });
  expect(asked).toEqual([1, 2, 0]);
});

function bound(store: PieceStore): PieceStore {
  return {
    present: () => store.present(),
    read: (piece, begin, into) => store.read(piece, begin, into),
    write: (piece, data) => store.write(piece, data),
    flush: () => store.flush(),
    remove: (piece) => store.remove(piece),
    close: () => store.close(),
  };
}
