import { describe, expect, it } from "vitest";
import { FramePool } from "./frame-pool.js";

const FRAME = 256 * 1024 + 13;

describe("FramePool", () => {
  it("hands out memory again that was given back, to who asks for as much or a little less", () => {
    const pool = new FramePool();
    const frame = pool.take(FRAME, 0);
    expect(pool.take(FRAME, 0).buffer).not.toBe(frame.buffer);
    pool.give(frame);
    expect(pool.take(FRAME / 4, 0).buffer).not.toBe(frame.buffer);
    const shorter = pool.take(FRAME - 100_000, 0);
    expect(shorter.buffer).toBe(frame.buffer);
    expect(shorter.length).toBe(FRAME - 100_000);
    pool.give(shorter);
    expect(pool.take(FRAME, 0).buffer).toBe(frame.buffer);
    expect(pool.take(FRAME, 0).buffer).not.toBe(frame.buffer);
  });

  it.each([1, 4_000, 16_384 + 13, 16_384 + 14, 98_304 + 13, FRAME, FRAME + 1, 1_048_576 + 13])(
    "gives a frame of %i bytes no more than twice that",
    (length) => {
      const { buffer, byteOffset, byteLength } = new FramePool().take(length, 0);
      expect([byteOffset, byteLength]).toEqual([0, length]);
      expect(buffer.byteLength).toBeLessThanOrEqual(2 * length);
    },
  );

  it("keeps 4 MiB at most, of all lengths together", () => {
    const pool = new FramePool();
    const lengths = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? FRAME : 131_072 + 13));
    const given = lengths.map((length) => pool.take(length, 0));
    for (const frame of given) pool.give(frame);
    const memory = new Set(given.map(({ buffer }) => buffer));
    const kept = lengths.map((length) => pool.take(length, 0)).filter(({ buffer }) => memory.has(buffer));
    const bytes = kept.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    expect(bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(bytes).toBeGreaterThan(3.5 * 1024 * 1024);
  });

  it("lets go of its memory when nothing was asked for in five seconds", () => {
    const pool = new FramePool();
    const frame = pool.take(FRAME, 1_000);
    pool.give(frame);
    pool.tick(5_999);
    expect(pool.take(FRAME, 1_500).buffer).toBe(frame.buffer);
    pool.give(frame);
    pool.tick(6_500);
    expect(pool.take(FRAME, 6_600).buffer).not.toBe(frame.buffer);
  });
});
