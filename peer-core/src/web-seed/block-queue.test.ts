import { describe, expect, it } from "vitest";
import { BlockQueue, type BlockTriple } from "./block-queue.js";
import type { FileRange } from "./file-ranges.js";

const KIB = 1024;

/** A queue for blocks of one file of pieces of 1 MiB, with the frames that it has given out. */
class Scene {
  readonly frames: Uint8Array[] = [];
  readonly queue = new BlockQueue((frame) => this.frames.push(frame));

  ask(piece: number, beginKiB: number, lengthKiB = 256): BlockTriple {
    const triple = { piece, begin: beginKiB * KIB, length: lengthKiB * KIB };
    const from = piece * 1024 * KIB + triple.begin;
    this.queue.add(triple, [range(0, from, from + triple.length)]);
    return triple;
  }

  /** Takes a job and tells its range in KiB. */
  take(): string | undefined {
    const job = this.queue.take();
    return job && `${job.file}: ${job.from / KIB}-${job.until / KIB}`;
  }
}

function range(file: number, from: number, until: number, isPadding = false): FileRange {
  return { file, from, until, isPadding };
}

describe("BlockQueue", () => {
  it("makes one range of neighbouring blocks, in whatever order they were asked for", () => {
    const scene = new Scene();
    for (const begin of [256, 512, 768]) scene.ask(0, begin);
    scene.ask(5, 0);
    scene.ask(1, 0);
    expect([scene.take(), scene.take(), scene.take()]).toEqual(["0: 256-1280", "0: 5120-5376", undefined]);
    expect(scene.queue.jobCount).toBe(2);
  });

  it("puts blocks together that are asked for from behind, as in end game", () => {
    const scene = new Scene();
    for (const begin of [768, 512, 1280, 256]) scene.ask(0, begin);
    expect([scene.take(), scene.take()]).toEqual(["0: 256-1024", "0: 1280-1536"]);
  });

  it("ends a range at 4 MiB and goes on with the next", () => {
    const scene = new Scene();
    for (let piece = 0; piece < 6; piece++) for (const begin of [0, 256, 512, 768]) scene.ask(piece, begin);
    expect([scene.take(), scene.take(), scene.take()]).toEqual(["0: 0-4096", "0: 4096-6144", undefined]);
  });

  it("puts a block together from files that come in any order and any cut, padding between them", () => {
    const { queue, frames } = new Scene();
    queue.add({ piece: 7, begin: 16, length: 12 }, [range(1, 40, 45), range(2, 0, 3, true), range(3, 0, 4)]);
    const [first, second] = [queue.take()!, queue.take()!];
    queue.fill(second, 0, new Uint8Array([6, 7, 8, 9]));
    queue.fill(first, 0, new Uint8Array([1, 2]));
    expect(frames).toEqual([]);
    queue.fill(first, 2, new Uint8Array([3, 4, 5]));
    expect(frames.map((frame) => [...frame])).toEqual([
      [0, 0, 0, 21, 7, 0, 0, 0, 7, 0, 0, 0, 16, 1, 2, 3, 4, 5, 0, 0, 0, 6, 7, 8, 9],
    ]);
    expect(queue.size).toBe(0);
  });

  it("answers a block of nothing but padding at once", () => {
    const { queue, frames } = new Scene();
    queue.add({ piece: 0, begin: 0, length: 5 }, [range(0, 0, 5, true)]);
    expect(frames.map((frame) => [...frame.subarray(13)])).toEqual([[0, 0, 0, 0, 0]]);
    expect(queue.take()).toBeUndefined();
  });

  it("does not fetch what was cancelled while it waited", () => {
    const scene = new Scene();
    scene.ask(0, 0);
    const middle = scene.ask(0, 256);
    scene.ask(0, 512);
    expect(scene.queue.cancel(middle)).toBe(true);
    expect(scene.queue.cancel(middle)).toBe(false);
    expect([scene.take(), scene.take()]).toEqual(["0: 0-256", "0: 512-768"]);
  });

  it("gives a range up once everything in it was cancelled", () => {
    const scene = new Scene();
    const [a, b] = [scene.ask(0, 0, 16), scene.ask(0, 16, 16)];
    const job = scene.queue.take()!;
    scene.queue.cancel(a);
    expect(job.abort.signal.aborted).toBe(false);
    scene.queue.fill(job, 0, new Uint8Array(32 * KIB));
    expect(scene.frames).toHaveLength(1);
    expect(scene.queue.cancel(b)).toBe(false);
    const [c, other] = [scene.ask(0, 64), scene.queue.take()!];
    scene.queue.cancel(c);
    expect(other.abort.signal.aborted).toBe(true);
  });

  it("does not take a block that is waiting already", () => {
    const { queue } = new Scene();
    expect(queue.add({ piece: 0, begin: 0, length: 8 }, [range(0, 0, 8)])).toBe(true);
    expect(queue.add({ piece: 0, begin: 0, length: 8 }, [range(0, 0, 8)])).toBe(false);
    expect(queue.add({ piece: 0, begin: 0, length: 4 }, [range(0, 0, 4)])).toBe(false);
    expect(queue.size).toBe(1);
  });
});
