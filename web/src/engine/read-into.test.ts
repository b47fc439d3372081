import { equalBytes } from "@shoal/peer-core/torrent";
import { describe, expect, it } from "vitest";
import { readInto } from "./read-into.js";
import { content } from "./testing/test-share.js";

describe("readInto", () => {
  it("reads into the memory that it is given, over many reads", async () => {
    const bytes = content(300_000);
    const buffer = new ArrayBuffer(400_000);
    const got = await readInto(new Blob([bytes.subarray(0, 100_000), bytes.subarray(100_000)]), buffer);
    expect(equalBytes(got, bytes)).toBe(true);
    expect(got.buffer.byteLength).toBe(400_000);
    // Its memory has moved on.
    expect(buffer.byteLength).toBe(0);
  });

  it("reads into new memory where streams cannot be told where to read to", async () => {
    const bytes = content(1_000);
    const blob = new Blob([bytes]);
    blob.stream = () => new ReadableStream();
    expect(await readInto(blob, new ArrayBuffer(2_000))).toEqual(bytes);
  });

  it("takes no stream for the whole that ends early", async () => {
    const bytes = content(1_000);
    const blob = new Blob([bytes]);
    blob.stream = () => new Blob([bytes.subarray(0, 500)]).stream();
    expect(await readInto(blob, new ArrayBuffer(1_000))).toEqual(bytes);
  });

  it("says why a Blob cannot be read", async () => {
    const blob = new Blob(["?"]);
    blob.stream = () => new ReadableStream({ type: "bytes", pull: () => Promise.reject(new TypeError("network")) });
    blob.arrayBuffer = () => Promise.reject(new DOMException("It has changed", "NotReadableError"));
    await expect(readInto(blob, new ArrayBuffer(1))).rejects.toThrow("It has changed");
  });
});
