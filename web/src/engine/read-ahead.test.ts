import { equalBytes } from "@shoal/peer-core/torrent";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReadAhead } from "./read-ahead.js";
import { content } from "./testing/test-share.js";

/** Notes which parts were read. */
class NotingBlob extends Blob {
  readonly reads: number[] = [];

  override slice(start = 0, end?: number): Blob {
    this.reads.push(start);
    return super.slice(start, end);
  }
}

describe("ReadAhead", () => {
  it("reads any range, over borders of slices and up to the end", async () => {
    const bytes = content(1_000);
    const reader = new ReadAhead(new Blob([bytes]), { sliceBytes: 64, ahead: 2, kept: 4 });
    await fc.assert(
      fc.asyncProperty(fc.nat(1_000), fc.nat(400), async (offset, length) => {
        const into = new Uint8Array(length);
        const got = await reader.read(offset, into);
        expect(got).toBe(Math.min(length, 1_000 - offset));
        expect(equalBytes(into.subarray(0, got), bytes.subarray(offset, offset + got))).toBe(true);
      }),
    );
  });

  it("reads each slice once from front to back, the next ones before they are asked for", async () => {
    const blob = new NotingBlob([content(640)]);
    const reader = new ReadAhead(blob, { sliceBytes: 64, ahead: 2, kept: 4 });
    await reader.read(0, new Uint8Array(10));
    expect(blob.reads).toEqual([0, 64, 128]);
    for (let offset = 10; offset < 640; offset += 10) await reader.read(offset, new Uint8Array(10));
    expect(blob.reads).toEqual(Array.from({ length: 10 }, (_, slice) => 64 * slice));
  });

  it("tries again what could not be read", async () => {
    const blob = new Blob([content(100)]);
    const reader = new ReadAhead(blob, { sliceBytes: 64, ahead: 0, kept: 4 });
    const { slice } = blob;
    blob.slice = () => Object.assign(new Blob([]), { arrayBuffer: () => Promise.reject(new Error("busy")) });
    await expect(reader.read(0, new Uint8Array(10))).rejects.toThrow("busy");
    blob.slice = slice;
    expect(await reader.read(0, new Uint8Array(10))).toBe(10);
  });
});
