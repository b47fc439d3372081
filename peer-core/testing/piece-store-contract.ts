import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { equalBytes } from "../src/base/bytes.js";
import type { PieceIndex } from "../src/base/ids.js";
import type { PieceStore } from "../src/ports/piece-store.js";
import { Geometry } from "../src/torrent/geometry.js";
import { seededRandom } from "./seeded-random.js";

/** Where one share's pieces are kept, for one test. */
export interface PieceStorage {
  /** Opens a store on the storage, which is empty at first; the one opened before is closed. */
  readonly open: () => Promise<PieceStore>;
  readonly dispose: () => Promise<void>;
}

/** The share that the contract stores: five pieces, the last one short and odd. */
export const CONTRACT_GEOMETRY = new Geometry(4 * 32_768 + 12_345, 32_768);

/** Registers the tests that every `PieceStore` passes which can be written to: each sentence of the port. */
export function describePieceStore(name: string, makeStorage: (geometry: Geometry) => Promise<PieceStorage>): void {
  describe(`PieceStore: ${name}`, () => {
    let storage: PieceStorage;
    let store: PieceStore;
    beforeEach(async () => {
      storage = await makeStorage(CONTRACT_GEOMETRY);
      store = await storage.open();
    });
    afterEach(async () => {
      await store.close();
      await storage.dispose();
    });
    const getStore = (): PieceStore => store;
    const reopen = async (): Promise<PieceStore> => {
      await store.close();
      store = await storage.open();
      return store;
    };
    describeReading(getStore);
    describeWriting(getStore);
    describeKeeping(getStore, reopen);
  });
}

const pieces = [...CONTRACT_GEOMETRY.pieces()];

/** The content of a piece, made anew for each call. */
function contentOf(piece: PieceIndex, seed = 0): Uint8Array {
  return seededRandom(1000 * seed + piece).bytes(CONTRACT_GEOMETRY.pieceSize(piece));
}

async function writeAll(store: PieceStore): Promise<void> {
  for (const piece of pieces) await store.write(piece, contentOf(piece));
}

async function expectContent(store: PieceStore, piece: PieceIndex, expected = contentOf(piece)): Promise<void> {
  const into = new Uint8Array(expected.length);
  await store.read(piece, 0, into);
  expect(equalBytes(into, expected), `piece ${piece} differs`).toBe(true);
}

function pieceAt(index: number): PieceIndex {
  return CONTRACT_GEOMETRY.pieceIndex(index);
}

function describeReading(getStore: () => PieceStore): void {
  it("starts empty, with one entry per piece", () => {
    expect([...getStore().present()]).toEqual([0, 0, 0, 0, 0]);
  });

  it("rejects reads of a piece that is not there", async () => {
    const store = getStore();
    await store.write(pieceAt(1), contentOf(pieceAt(1)));
    await expect(store.read(pieceAt(0), 0, new Uint8Array(16))).rejects.toMatchObject({ name: "ShoalError" });
    await expect(store.read(pieceAt(4), 0, new Uint8Array(16))).rejects.toMatchObject({ name: "ShoalError" });
  });

  it("reads back every piece, the short last one included", async () => {
    const store = getStore();
    await writeAll(store);
    for (const piece of pieces) await expectContent(store, piece);
  });

  it("fills exactly the given array, from any offset", async () => {
    const store = getStore();
    await writeAll(store);
    const random = seededRandom(5);
    for (let i = 0; i < 200; i++) {
      const piece = random.pick(pieces);
      const size = CONTRACT_GEOMETRY.pieceSize(piece);
      const begin = random.int(size);
      const length = 1 + random.int(size - begin);
      const around = new Uint8Array(length + 20).fill(0xee);
      await store.read(piece, begin, around.subarray(10, 10 + length));
      expect(equalBytes(around.subarray(10, 10 + length), contentOf(piece).subarray(begin, begin + length))).toBe(true);
      expect(new Set([...around.subarray(0, 10), ...around.subarray(10 + length)])).toEqual(new Set([0xee]));
    }
  });

  it("rejects reads that go beyond the end of the piece, the last one's too", async () => {
    const store = getStore();
    await writeAll(store);
    for (const piece of [pieceAt(0), pieceAt(4)]) {
      const size = CONTRACT_GEOMETRY.pieceSize(piece);
      await expect(store.read(piece, size - 5, new Uint8Array(6))).rejects.toMatchObject({ name: "ShoalError" });
    }
  });

  it("serves many reads at once", async () => {
    const store = getStore();
    await writeAll(store);
    await Promise.all([...pieces, ...pieces, ...pieces, ...pieces].map((piece) => expectContent(store, piece)));
  });
}

function describeWriting(getStore: () => PieceStore): void {
  it("stores pieces written at once and in any order", async () => {
    const store = getStore();
    await Promise.all([...pieces].reverse().map((piece) => store.write(piece, contentOf(piece))));
    for (const piece of pieces) await expectContent(store, piece);
  });

  it("keeps what was given, whatever happens to the array after the promise has settled", async () => {
    const store = getStore();
    const data = contentOf(pieceAt(2));
    await store.write(pieceAt(2), data);
    data.fill(0);
    await expectContent(store, pieceAt(2));
  });

  it("stores from an array that is a view into a larger one", async () => {
    const store = getStore();
    const size = CONTRACT_GEOMETRY.pieceSize(pieceAt(0));
    const larger = new Uint8Array(size + 100);
    larger.set(contentOf(pieceAt(0)), 37);
    await store.write(pieceAt(0), larger.subarray(37, 37 + size));
    await expectContent(store, pieceAt(0));
  });

  it("leaves the neighbours of a written piece alone", async () => {
    const store = getStore();
    await writeAll(store);
    await store.remove(pieceAt(2));
    await store.write(pieceAt(2), contentOf(pieceAt(2)));
    for (const piece of pieces) await expectContent(store, piece);
  });

  it("reads some pieces while others are written", async () => {
    const store = getStore();
    await store.write(pieceAt(0), contentOf(pieceAt(0)));
    await Promise.all([
      ...pieces.slice(1).map((piece) => store.write(piece, contentOf(piece))),
      ...pieces.map(() => expectContent(store, pieceAt(0))),
    ]);
  });

  it("forgets a piece that is removed, and takes it again", async () => {
    const store = getStore();
    await writeAll(store);
    await store.remove(pieceAt(3));
    await expect(store.read(pieceAt(3), 0, new Uint8Array(16))).rejects.toMatchObject({ name: "ShoalError" });
    await expectContent(store, pieceAt(4));
    await store.write(pieceAt(3), contentOf(pieceAt(3)));
    await expectContent(store, pieceAt(3));
  });

  it("removes a piece that is not there without complaint", async () => {
    await expect(getStore().remove(pieceAt(1))).resolves.toBeUndefined();
  });

  it("flushes at any time, also while writes are under way", async () => {
    const store = getStore();
    await store.flush();
    const writes = pieces.map((piece) => store.write(piece, contentOf(piece)));
    await Promise.all([...writes, store.flush()]);
    await store.flush();
    for (const piece of pieces) await expectContent(store, piece);
  });
}

function describeKeeping(getStore: () => PieceStore, reopen: () => Promise<PieceStore>): void {
  it("gives a snapshot of what was present when it was opened", async () => {
    const present = getStore().present();
    await getStore().write(pieceAt(1), contentOf(pieceAt(1)));
    expect([...present]).toEqual([0, 0, 0, 0, 0]);
  });

  it("shows the same after it was closed and opened again", async () => {
    await getStore().write(pieceAt(1), contentOf(pieceAt(1)));
    await getStore().write(pieceAt(4), contentOf(pieceAt(4)));
    const again = await reopen();
    expect([...again.present()]).toEqual([0, 1, 0, 0, 1]);
    await expectContent(again, pieceAt(1));
    await expectContent(again, pieceAt(4));
    await again.write(pieceAt(0), contentOf(pieceAt(0)));
    expect([...(await reopen()).present()]).toEqual([1, 1, 0, 0, 1]);
  });

  it("still lacks after reopening what was removed", async () => {
    await writeAll(getStore());
    await getStore().remove(pieceAt(0));
    await getStore().flush();
    const again = await reopen();
    expect([...again.present()]).toEqual([0, 1, 1, 1, 1]);
    await expect(again.read(pieceAt(0), 0, new Uint8Array(16))).rejects.toMatchObject({ name: "ShoalError" });
    await expectContent(again, pieceAt(1));
  });

  it("finishes writes that are under way before it is closed", async () => {
    const writes = pieces.map((piece) => getStore().write(piece, contentOf(piece)));
    await Promise.all(writes);
    const again = await reopen();
    expect([...again.present()]).toEqual([1, 1, 1, 1, 1]);
    for (const piece of pieces) await expectContent(again, piece);
  });
}
