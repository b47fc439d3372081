import { equalBytes } from "@shoal/peer-core/torrent";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BlobLanes } from "./blob-lanes.js";
import { content } from "./testing/test-share.js";

/** Notes where streams were opened, how many were let go of, and how often something was read without one. */
class NotingBlob extends Blob {
  readonly opened: number[] = [];
  cancelled = 0;
  readWhole = 0;

  override slice(start = 0, end?: number): Blob {
    const part = super.slice(start, end);
    const stream = part.stream();
    part.arrayBuffer = () => {
      this.readWhole++;
      return super.slice(start, end).arrayBuffer();
    };
    const cancel = (): number => this.cancelled++;
    part.stream = () => {
      this.opened.push(start);
      const { getReader } = stream;
      stream.getReader = function (this: typeof stream, ...how: unknown[]) {
        const reader = Reflect.apply(getReader, stream, how) as ReadableStreamBYOBReader;
        const { cancel: cancelReader } = reader;
        reader.cancel = async () => {
          cancel();
          await cancelReader.call(reader);
        };
        return reader;
      } as never;
      return stream;
    };
    return part;
  }
}

async function readPart(lanes: BlobLanes, offset: number, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length);
  return into.subarray(0, await lanes.read(offset, into));
}

/** What is let go of is cancelled in its turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

describe("BlobLanes", () => {
  it("reads any range, several at once, up to the end", async () => {
    const bytes = content(600_000);
    const lanes = new BlobLanes(new Blob([bytes]), 2);
    const range = fc.tuple(fc.nat(600_000), fc.nat(300_000));
    await fc.assert(
      fc.asyncProperty(fc.array(range, { maxLength: 5 }), async (ranges) => {
        const parts = await Promise.all(ranges.map(([offset, length]) => readPart(lanes, offset, length)));
        for (const [at, [offset, length]] of ranges.entries()) {
          expect(equalBytes(parts[at] ?? bytes, bytes.subarray(offset, offset + length))).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
    lanes.close();
  });

  it("goes on with the stream that stands there, and keeps as many as it was told", async () => {
    const blob = new NotingBlob([content(600_000)]);
    const lanes = new BlobLanes(blob, 2);
    for (let turn = 0; turn < 4; turn++) {
      await Promise.all([readPart(lanes, turn * 50_000, 50_000), readPart(lanes, 300_000 + turn * 50_000, 50_000)]);
    }
    expect([blob.opened, blob.cancelled]).toEqual([[0, 300_000], 0]);
    await readPart(lanes, 500_001, 10);
    await settled();
    expect([blob.opened.length, blob.cancelled]).toEqual([3, 1]);
    lanes.close();
    await settled();
    expect(blob.cancelled).toBe(3);
  });

  it("lets those wait their turn who go on behind what is being read", async () => {
    const bytes = content(600_000);
    const blob = new NotingBlob([bytes]);
    const lanes = new BlobLanes(blob, 2);
    const parts = await Promise.all([0, 1, 2, 3].map((at) => readPart(lanes, at * 150_000, 150_000)));
    expect([blob.opened, blob.readWhole]).toEqual([[0], 0]);
    for (const [at, part] of parts.entries()) {
      expect(equalBytes(part, bytes.subarray(at * 150_000, (at + 1) * 150_000))).toBe(true);
    }
    lanes.close();
  });

  it("reads otherwise where streams cannot be told where to read to, or fail", async () => {
    const bytes = content(1_000);
    const broken: (() => ReadableStream)[] = [
      () => new ReadableStream(),
      () => new ReadableStream({ type: "bytes", pull: () => Promise.reject(new TypeError("network")) }),
      () => new Blob([bytes.subarray(0, 0)]).stream(),
    ];
    for (const stream of broken) {
      const blob = new Blob([bytes]);
      blob.slice = (...range) => Object.assign(Blob.prototype.slice.apply(blob, range), { stream });
      expect(await readPart(new BlobLanes(blob, 1), 10, 2_000)).toEqual(bytes.subarray(10));
    }
  });

  it("says why a Blob cannot be read", async () => {
    const blob = new Blob(["?"]);
    const arrayBuffer = () => Promise.reject(new DOMException("It has changed", "NotReadableError"));
    const stream = () => new ReadableStream({ type: "bytes", pull: () => Promise.reject(new TypeError("network")) });
    blob.slice = () => Object.assign(new Blob(["?"]), { stream, arrayBuffer });
    await expect(readPart(new BlobLanes(blob, 1), 0, 1)).rejects.toThrow("It has changed");
  });
});
