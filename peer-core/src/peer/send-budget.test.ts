import { describe, expect, it } from "vitest";
import { SendBudget } from "./send-budget.js";

const KIB = 1024;
const MIB = 1024 * KIB;

/** A sender that keeps a socket filled as far as it may, on a line of so many bytes per second; returns what waits. */
class Line {
  readonly budget = new SendBudget();
  queued = 0;
  now = 0;

  run(ms: number, bytesPerSecond: number, stepMs = 10): number {
    for (const end = this.now + ms; this.now < end; this.now += stepMs) {
      while (this.queued < this.budget.bytes(this.now, this.queued, MIB)) {
        this.budget.add(16 * KIB);
        this.queued += 16 * KIB;
      }
      this.queued = Math.max(0, this.queued - (bytesPerSecond * stepMs) / 1000);
    }
    return this.queued;
  }
}

describe("SendBudget", () => {
  it("lets a fast line have all within a moment", () => {
    const line = new Line();
    line.run(50, 100 * MIB, 1);
    expect(line.budget.bytes(line.now, line.queued, MIB)).toBe(MIB);
  });

  it("keeps all for a line that moves it in time", () => {
    const line = new Line();
    expect(line.run(20_000, 500 * KIB)).toBeGreaterThan(900 * KIB);
  });

  it("holds a few seconds of a slow line, and a block of a very slow one", () => {
    expect(new Line().run(60_000, 40 * KIB)).toBeLessThan(140 * KIB);
    const slowest = new Line();
    slowest.run(600_000, KIB);
    expect(slowest.queued).toBeLessThanOrEqual(32 * KIB);
    expect(slowest.budget.bytes(slowest.now, 0, MIB)).toBeGreaterThanOrEqual(16 * KIB);
  });

  it("is not made smaller by having nothing to send", () => {
    const line = new Line();
    line.run(1_000, 100 * MIB);
    line.queued = 0;
    expect(line.budget.bytes(line.now + 600_000, 0, MIB)).toBe(MIB);
    expect(line.budget.bytes(line.now + 700_000, 0, MIB)).toBe(MIB);
  });

  it("comes back at once when a line that stood still moves again", () => {
    const line = new Line();
    line.run(1_000, 100 * MIB);
    line.run(30_000, 0);
    expect(line.budget.bytes(line.now, line.queued, MIB)).toBe(16 * KIB);
    line.run(1_000, 100 * MIB);
    expect(line.budget.bytes(line.now, line.queued, MIB)).toBe(MIB);
  });

  it("never exceeds what it is given", () => {
    const line = new Line();
    line.run(1_000, 100 * MIB);
    expect(line.budget.bytes(line.now, line.queued, 100)).toBe(100);
  });
});
