import { describe, expect, it } from "vitest";
import { BufferPool } from "./buffer-pool.js";

const MIB = 1024 * 1024;

describe("BufferPool", () => {
  it("gives a buffer out again once it has come back, and never twice", () => {
    const pool = new BufferPool(1_000, (length) => new Uint8Array(length));
    const first = pool.take(1_000);
    expect(pool.take(1_000)).not.toBe(first);
    pool.give(first);
    expect(pool.take(1_000)).toBe(first);
    expect(pool.take(1_000)).not.toBe(first);
  });

  it("has no use for buffers of another length", () => {
    const pool = new BufferPool(1_000, (length) => new Uint8Array(length));
    const short = pool.take(10);
    pool.give(short);
    expect([short.length, pool.take(10) === short, pool.take(1_000).length]).toEqual([10, false, 1_000]);
  });

  it("lets go of everything when told", () => {
    const pool = new BufferPool(1_000, (length) => new Uint8Array(length));
    const buffer = pool.take(1_000);
    pool.give(buffer);
    pool.clear();
    expect(pool.take(1_000)).not.toBe(buffer);
  });

  it("keeps 32 MiB at most", () => {
    const pool = new BufferPool(16 * MIB, (length) => new Uint8Array(length));
    const buffers = [1, 2, 3].map(() => new Uint8Array(16 * MIB));
    for (const buffer of buffers) pool.give(buffer);
    const again = [1, 2, 3].map(() => pool.take(16 * MIB));
    expect(again.filter((buffer) => buffers.some((known) => known === buffer))).toHaveLength(2);
  });
});
