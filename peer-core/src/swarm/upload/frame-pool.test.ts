import { describe, expect, it } from "vitest";
import { FramePool } from "./frame-pool.js";

const FRAME = 256 * 1024 + 13;

describe("FramePool", () => {
  it("hands out a frame again that was given back, to who asks for its length", () => {
    const pool = new FramePool();
    const frame = pool.take(FRAME, 0);
    expect(pool.take(FRAME, 0)).not.toBe(frame);
    pool.give(frame);
    expect(pool.take(FRAME - 1, 0)).not.toBe(frame);
    expect(pool.take(FRAME, 0)).toBe(frame);
    expect(pool.take(FRAME, 0)).not.toBe(frame);
  });

  it("keeps 4 MiB at most, of all lengths together", () => {
    const pool = new FramePool();
    const frames = Array.from({ length: 20 }, (_, index) => pool.take(FRAME + (index % 2), 0));
    for (const frame of frames) pool.give(frame);
    const again = Array.from({ length: 20 }, (_, index) => pool.take(FRAME + (index % 2), 0));
    const kept = again.filter((frame) => frames.includes(frame));
    expect(kept.length).toBe(15);
  });

  it("lets go of its memory when nothing was asked for in five seconds", () => {
    const pool = new FramePool();
    const frame = pool.take(FRAME, 1_000);
    pool.give(frame);
    pool.tick(5_999);
    expect(pool.take(FRAME, 1_500)).toBe(frame);
    pool.give(frame);
    pool.tick(6_500);
    expect(pool.take(FRAME, 6_600)).not.toBe(frame);
  });
});
