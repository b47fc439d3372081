import { describe, expect, it } from "vitest";
import { infoHashFromBytes, peerIdFromBytes } from "../src/base/ids.js";
import type { AnnounceRequest } from "../src/ports/tracker-channel.js";
import { MemoryTracker } from "./memory-tracker.js";
import { seededRandom } from "./seeded-random.js";
import { VirtualClock } from "./virtual-clock.js";

const NEVER = new AbortController().signal;
const infoHash = infoHashFromBytes(new Uint8Array(20));
const peerId = peerIdFromBytes(new Uint8Array(20).fill(1));
const request: AnnounceRequest = { infoHash, peerId, uploaded: 0, downloaded: 0, left: 1, numWant: 50 };

describe("MemoryTracker", () => {
  it("forgets who has not announced for two intervals", async () => {
    const clock = new VirtualClock();
    const tracker = new MemoryTracker({ clock, random: seededRandom(1), intervalSeconds: 60 });
    await clock.settle(tracker.channel("a").announce(request, NEVER));
    await clock.advance(119_000);
    expect(tracker.peersOf(infoHash)).toEqual([peerId]);
    await clock.advance(2_000);
    expect(tracker.peersOf(infoHash)).toEqual([]);
  });

  it("answers with its failure reason, names its relays and records what peers hold", async () => {
    const clock = new VirtualClock();
    const tracker = new MemoryTracker({ clock, random: seededRandom(1) });
    const line = tracker.channel("a");
    tracker.failureReason = "not today";
    await expect(clock.settle(line.announce(request, NEVER))).rejects.toThrow("not today");
    tracker.failureReason = undefined;
    tracker.relays = ["mem://relay"];
    expect((await clock.settle(line.announce(request, NEVER))).relays).toEqual(["mem://relay"]);
    line.have(infoHash, { kind: "all" });
    await clock.advance(100);
    expect(tracker.heldOf(infoHash).get("a")).toEqual([{ kind: "all" }]);
    expect(tracker.announces).toBe(2);
  });

  it("comes back empty after it was down", async () => {
    const clock = new VirtualClock();
    const tracker = new MemoryTracker({ clock, random: seededRandom(1) });
    const line = tracker.channel("a");
    let losses = 0;
    line.watch(infoHash, { onPeers: () => undefined, onLost: () => losses++ });
    await clock.settle(line.announce(request, NEVER));
    tracker.setUp(false);
    expect(losses).toBe(1);
    await expect(clock.settle(line.announce(request, NEVER))).rejects.toMatchObject({ code: "tracker" });
    tracker.setUp(true);
    expect(tracker.peersOf(infoHash)).toEqual([]);
    await clock.settle(line.announce(request, NEVER));
    expect(tracker.peersOf(infoHash)).toEqual([peerId]);
  });
});
