import { describe, expect, it } from "vitest";
import { shareOf } from "../../testing/share-of.js";
import { SeedHealth } from "./seed-health.js";

const HOUR = 3_600_000;
const gone = { kind: "file", message: "the server answers 404" } as const;

/** Three pieces of 32 KiB: file a fills one and a half, b the rest. */
async function health(): Promise<SeedHealth> {
  const { metainfo } = await shareOf([
    ["a", 49_152],
    ["b", 49_152],
  ]);
  return new SeedHealth(metainfo);
}

describe("SeedHealth", () => {
  it("does without the pieces of a file that is not there, for an hour", async () => {
    const subject = await health();
    expect(subject.onFailure(gone, 0, 0)).toBe(false);
    expect([...subject.pieces(1).indexes()]).toEqual([2]);
    expect(subject.isResting(1)).toBe(false);
    expect(subject.pieces(HOUR).isFull).toBe(true);
  });

  it("gives a seed up for an hour that has none of the files, and then takes it for good again", async () => {
    const subject = await health();
    subject.onFailure(gone, 0, 0);
    expect(subject.onFailure(gone, 1, 10)).toBe(true);
    expect([subject.isResting(10), subject.isResting(HOUR + 10)]).toEqual([true, false]);
    expect(subject.pieces(20).isFull).toBe(true);
  });

  it("lets a busy seed rest as long as it says, and one in trouble not at all", async () => {
    const subject = await health();
    expect(subject.maxRequests).toBe(4);
    expect(subject.onFailure({ kind: "busy", message: "", retryAfterMs: 5_000 }, 0, 100)).toBe(false);
    expect(subject.maxRequests).toBe(1);
    expect([subject.isResting(5_099), subject.isResting(5_100)]).toEqual([true, false]);
    expect(subject.onFailure({ kind: "trouble", message: "" }, 0, 6_000)).toBe(false);
    expect(subject.isResting(6_000)).toBe(false);
    expect(subject.onFailure({ kind: "unusable", message: "" }, 0, 6_000)).toBe(true);
    expect(subject.isResting(6_000)).toBe(true);
  });
});
