import { describe, expect, it } from "vitest";
import { QUEUE_MS } from "../../peer/request-window.js";
import { QueueDepth } from "./queue-depth.js";

/** A block each 10 ms, of so many bytes, for so long; returns when it ended. */
function flow(depth: QueueDepth, bytes: number, ms: number, startMs: number): number {
  for (let now = startMs; now < startMs + ms; now += 10) depth.add(bytes, now);
  return startMs + ms;
}

describe("QueueDepth", () => {
  it("begins in the middle", () => {
    expect(new QueueDepth().ms).toBe(QUEUE_MS);
  });

  it("becomes shallow while the line is full, and no shallower than 30 ms", () => {
    const depth = new QueueDepth();
    flow(depth, 25_000, 60_000, 0);
    expect(depth.ms).toBe(30);
  });

  it("becomes deep while less comes than the line has carried, and no deeper than 300 ms", () => {
    const depth = new QueueDepth();
    const now = flow(depth, 25_000, 5_000, 0);
    const before = depth.ms;
    flow(depth, 20_000, 1_500, now);
    expect(depth.ms).toBeGreaterThan(before + 20);
    const slower = flow(depth, 10_000, 10_000, now + 1_500);
    expect(depth.ms).toBe(300);
    flow(depth, 25_000, 3_000, slower);
    expect(depth.ms).toBeLessThan(150);
  });

  it("takes a line that stays slower for full, after a while", () => {
    const depth = new QueueDepth();
    const now = flow(depth, 25_000, 5_000, 0);
    flow(depth, 10_000, 60_000, now);
    expect(depth.ms).toBe(30);
  });

  it("begins anew after a long pause", () => {
    const depth = new QueueDepth();
    const now = flow(depth, 25_000, 5_000, 0);
    flow(depth, 1_000, 30_000, now + 600_000);
    expect(depth.ms).toBe(30);
  });
});
