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

/** Cannot be read, as a file that is gone. */
class BrokenBlob extends Blob {
  override arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.reject(new Error("busy"));
  }
  override stream(): never {
    throw new Error("broken stream");
  }
}

/** The memory that `act` lets buffers be made of, as many of at least `bytes` each. */
async function buffersMade(bytes: number, act: () => Promise<void>): Promise<number> {
  const { ArrayBuffer: real } = globalThis;
  let made = 0;
  globalThis.ArrayBuffer = class extends real {
    constructor(length: number) {
      super(length);
      if (length >= bytes) made++;
    }
  } as ArrayBufferConstructor;
  try {
    await act();
  } finally {
    globalThis.ArrayBuffer = real;
  }
  return made;
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
    blob.slice = () => new BrokenBlob(["?"]);
    await expect(reader.read(0, new Uint8Array(10))).rejects.toThrow("busy");
    blob.slice = slice;
    expect(await reader.read(0, new Uint8Array(10))).toBe(10);
  });

  it("reads into the same memory again, however long the content", async () => {
    const slices = 1_000;
    const bytes = content(64 * slices);
    const into = new Uint8Array(bytes.length);
    const made = await buffersMade(64, async () => {
      const reader = new ReadAhead(new Blob([bytes]), { sliceBytes: 64, ahead: 1, kept: 2 });
      for (let at = 0; at < into.length; at += 32) await reader.read(at, into.subarray(at, at + 32));
    });
    expect(equalBytes(into, bytes)).toBe(true);
    expect(made).toBeLessThan(slices / 10);
  });

  it("never reads into a slice that somebody is still using", async () => {
    const bytes = content(1_000);
    const reader = new ReadAhead(new NotingBlob([bytes]), { sliceBytes: 64, ahead: 1, kept: 2 });
    const reads = Array.from({ length: 50 }, async (_, index) => {
      const into = new Uint8Array(100);
      const offset = (index * 377) % 900;
      expect(await reader.read(offset, into)).toBe(100);
      expect(equalBytes(into, bytes.subarray(offset, offset + 100))).toBe(true);
    });
    await Promise.all(reads);
  });
});
