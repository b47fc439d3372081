import { describe, expect, it } from "vitest";
import { Geometry } from "../src/torrent/geometry.js";
import { createMemoryPieceStore } from "./memory-piece-store.js";

describe("createMemoryPieceStore", () => {
  it("rejects with `disk-full` beyond its limit, keeps what it has, and takes more after a removal", async () => {
    const geometry = new Geometry(3 * 16_384, 16_384);
    const [first, second, third] = [...geometry.pieces()];
    if (first === undefined || second === undefined || third === undefined) throw new Error("three pieces");
    const store = createMemoryPieceStore({ pieceCount: 3, maxBytes: 2 * 16_384 });
    await store.write(first, new Uint8Array(16_384).fill(1));
    await store.write(second, new Uint8Array(16_384).fill(2));
    await store.write(second, new Uint8Array(16_384).fill(2));
    await expect(store.write(third, new Uint8Array(16_384))).rejects.toMatchObject({ code: "disk-full" });
    expect([...store.present()]).toEqual([1, 1, 0]);
    await store.remove(first);
    await store.write(third, new Uint8Array(16_384).fill(3));
    expect([...store.present()]).toEqual([0, 1, 1]);
  });
});
