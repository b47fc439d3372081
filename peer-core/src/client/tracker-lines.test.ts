import { describe, expect, it } from "vitest";
import { MemoryTracker } from "../../testing/memory-tracker.js";
import { seededRandom } from "../../testing/seeded-random.js";
import { VirtualClock } from "../../testing/virtual-clock.js";
import { infoHashFromBytes } from "../base/ids.js";
import { TrackerLines } from "./tracker-lines.js";

/** Lines to trackers in memory; "odd:" URLs are of a kind that this platform cannot speak to. */
function lines(): { lines: TrackerLines; opened: string[]; clock: VirtualClock } {
  const clock = new VirtualClock();
  const opened: string[] = [];
  const open = (url: string) => {
    if (url.startsWith("odd:")) return undefined;
    opened.push(url);
    return new MemoryTracker({ clock, random: seededRandom(1), url }).channel("us");
  };
  return { lines: new TrackerLines(open), opened, clock };
}

describe("TrackerLines", () => {
  it("opens one line to a tracker, however many use it", () => {
    const { lines: subject, opened } = lines();
    const channel = subject.use("mem://a");
    expect(subject.use("mem://a")).toBe(channel);
    expect(subject.use("mem://b")).not.toBe(channel);
    expect(opened).toEqual(["mem://a", "mem://b"]);
  });

  it("closes a line with its last user, and opens a new one for the next", async () => {
    const { lines: subject, opened, clock } = lines();
    const channel = subject.use("mem://a");
    subject.use("mem://a");
    subject.release("mem://a");
    expect(subject.use("mem://a")).toBe(channel);
    subject.release("mem://a");
    subject.release("mem://a");
    await clock.settle(subject.closed());
    const scrape = channel!.scrape(infoHashFromBytes(new Uint8Array(20)), new AbortController().signal);
    await expect(clock.settle(scrape)).rejects.toMatchObject({ code: "tracker" });
    expect(subject.use("mem://a")).not.toBe(channel);
    expect(opened).toHaveLength(2);
  });

  it("has no line of a kind that cannot be spoken, and minds no release of what was never used", async () => {
    const { lines: subject } = lines();
    expect(subject.use("odd:")).toBeUndefined();
    subject.release("odd:");
    subject.release("mem://never");
    await subject.closed();
  });
});
