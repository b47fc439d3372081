import { describe, expect, it } from "vitest";
import { createMicrotaskHasher } from "../../../testing/microtask-hasher.js";
import { createMetainfo } from "../../torrent/create-metainfo.js";
import type { Metainfo } from "../../torrent/metainfo.js";
import { chosenBytes } from "./chosen-bytes.js";

const PIECE = 32_768;

/** Files of these lengths one after the other. */
async function share(...lengths: readonly number[]): Promise<Metainfo> {
  const files = lengths.map((length, index) => ({
    path: [`${index}.bin`],
    length,
    read: (position: number, into: Uint8Array) => Promise.resolve(Math.min(into.length, length - position)),
  }));
  return createMetainfo({
    name: "share",
    files,
    isMultiFile: true,
    pieceLength: PIECE,
    hasher: createMicrotaskHasher(),
  });
}

describe("chosenBytes", () => {
  it("chooses everything when no choice is made", async () => {
    const metainfo = await share(PIECE, PIECE + 100);
    expect([...chosenBytes(metainfo, undefined)]).toEqual([PIECE, PIECE, 100]);
  });

  it("counts the bytes of the chosen files in each piece", async () => {
    const metainfo = await share(100, PIECE, 0, 50);
    expect([...chosenBytes(metainfo, [0])]).toEqual([100, 0]);
    expect([...chosenBytes(metainfo, [1])]).toEqual([PIECE - 100, 100]);
    expect([...chosenBytes(metainfo, [3, 0])]).toEqual([100, 50]);
    expect([...chosenBytes(metainfo, [0, 1, 2, 3])]).toEqual([PIECE, 150]);
  });

  it("counts a file named twice once, and wants nothing of an empty one", async () => {
    const metainfo = await share(100, 0);
    expect([...chosenBytes(metainfo, [0, 0])]).toEqual([100]);
    expect([...chosenBytes(metainfo, [1])]).toEqual([0]);
    expect([...chosenBytes(metainfo, [])]).toEqual([0]);
  });

  it.each([2, -1, 0.5])("refuses file %d of two", async (index) => {
    const metainfo = await share(1, 1);
    expect(() => chosenBytes(metainfo, [index])).toThrow(
      expect.objectContaining({ name: "ShoalError", code: "link" }) as Error,
    );
  });
});
