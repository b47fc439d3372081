import { describe, expect, it } from "vitest";
import { ByteBudget } from "../../base/byte-budget.js";
import { BufferPool } from "./buffer-pool.js";

describe("BufferPool", () => {
  it("gives a buffer out again once it has come back, and never twice", () => {
    const pool = new BufferPool(1_000, new ByteBudget(10_000), (length) => new Uint8Array(length));
    const first = pool.take(1_000);
    expect(pool.take(1_000)).not.toBe(first);
    pool.give(first);
    expect(pool.take(1_000)).toBe(first);
    expect(pool.take(1_000)).not.toBe(first);
  });

  it("has no use for buffers of another length", () => {
    const pool = new BufferPool(1_000, new ByteBudget(10_000), (length) => new Uint8Array(length));
    const short = pool.take(10);
    pool.give(short);
    expect([short.length, pool.take(10) === short, pool.take(1_000).length]).toEqual([10, false, 1_000]);
  });

  it("lets go of everything when told", () => {
    const pool = new BufferPool(1_000, new ByteBudget(10_000), (length) => new Uint8Array(length));
    const buffer = pool.take(1_000);
    pool.give(buffer);
    pool.clear();
    expect(pool.take(1_000)).not.toBe(buffer);
  });

  it("keeps what its budget, which others share, has room for", () => {
    const budget = new ByteBudget(4_000);
    const pool = new BufferPool(1_000, budget, (length) => new Uint8Array(length));
    const other = new BufferPool(500, budget, (length) => new Uint8Array(length));
    other.give(new Uint8Array(500));
    budget.take(1_000);
    const buffers = [1, 2, 3].map(() => new Uint8Array(1_000));
    for (const buffer of buffers) pool.give(buffer);
    const again = [1, 2, 3].map(() => pool.take(1_000));
    expect(again.filter((buffer) => buffers.some((known) => known === buffer))).toHaveLength(2);
    expect(budget.keep(2_500)).toBe(true);
    other.clear();
    expect([budget.keep(501), budget.keep(500)]).toEqual([false, true]);
  });
});
