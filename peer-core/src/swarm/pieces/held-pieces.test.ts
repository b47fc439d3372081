import { describe, expect, it } from "vitest";
import { createMemoryPieceStore } from "../../../platform/memory-piece-store.js";
import { createMicrotaskHasher } from "../../../testing/microtask-hasher.js";
import { seededRandom } from "../../../testing/seeded-random.js";
import { VirtualClock } from "../../../testing/virtual-clock.js";
import { createMetainfo } from "../../torrent/create-metainfo.js";
import { Bitfield } from "../../torrent/bitfield.js";
import { HeldPieces } from "./held-pieces.js";
import { PieceTable } from "./piece-table.js";

const PIECE = 16 * 1024;

/** Three pieces in storage, the second of which has rotted there. */
async function scene() {
  const hasher = createMicrotaskHasher();
  const content = seededRandom(1).bytes(3 * PIECE);
  const read = (at: number, into: Uint8Array) => {
    into.set(content.subarray(at, at + into.length));
    return Promise.resolve(into.length);
  };
  const files = [{ path: ["share"], length: content.length, read }];
  const metainfo = await createMetainfo({ name: "share", files, isMultiFile: false, pieceLength: PIECE, hasher });
  const held = [0, 1, 2].map((piece): [number, Uint8Array] => [
    piece,
    content.slice(piece * PIECE, (piece + 1) * PIECE).map((byte) => (piece === 1 ? ~byte : byte)),
  ]);
  const store = createMemoryPieceStore({ pieceCount: 3, pieces: new Map(held) });
  const told = { lost: [] as number[], distrusts: 0 };
  const pieces = new HeldPieces({
    metainfo,
    store: Object.assign(store, { distrust: () => told.distrusts++ }),
    runtime: { clock: new VirtualClock(), random: seededRandom(1), hasher },
    table: new PieceTable(metainfo.geometry, Bitfield.fromFlags(store.present()), new Bitfield(3)),
    onLost: (piece) => told.lost.push(piece),
    onWarning: () => undefined,
    onFailed: (error) => {
      throw error;
    },
  });
  const recheck = (piece: number) => pieces.recheck(metainfo.geometry.pieceIndex(piece));
  return { pieces, recheck, told };
}

describe("HeldPieces", () => {
  it("drops a piece that has rotted, and tells storage to trust the others no more", async () => {
    const { pieces, recheck, told } = await scene();
    expect(await recheck(0)).toBe(true);
    expect(told).toEqual({ lost: [], distrusts: 0 });
    expect(await recheck(1)).toBe(false);
    await pieces.settled();
    expect(told).toEqual({ lost: [1], distrusts: 1 });
  });
});
