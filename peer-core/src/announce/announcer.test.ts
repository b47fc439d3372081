import { describe, expect, it } from "vitest";
import { createMicrotaskHasher } from "../../testing/microtask-hasher.js";
import { MemoryTracker } from "../../testing/memory-tracker.js";
import { seededRandom } from "../../testing/seeded-random.js";
import { VirtualClock } from "../../testing/virtual-clock.js";
import { infoHashFromBytes, peerIdFromBytes } from "../base/ids.js";
import { ShoalError } from "../base/errors.js";
import type { AnnounceReply, AnnounceRequest, TrackerChannel, TrackerPeer } from "../ports/tracker-channel.js";
import { Announcer, type AnnouncedStatus } from "./announcer.js";

const SHARE = infoHashFromBytes(new Uint8Array(20).fill(1));
const US = peerIdFromBytes(new Uint8Array(20).fill(2));

/** An announcer of ours at a tracker in memory. */
class Scene {
  readonly clock = new VirtualClock();
  readonly random = seededRandom(4);
  readonly tracker: MemoryTracker;
  readonly announcer: Announcer;
  readonly requests: AnnounceRequest[] = [];
  readonly peers: TrackerPeer[] = [];
  readonly answers: number[] = [];
  readonly errors: string[] = [];
  readonly warnings: string[] = [];
  /** What the channel does instead of asking the tracker, where there is something. */
  onAnnounce: (() => AnnounceReply | undefined) | undefined;
  longestRetryMs: number | undefined;
  status: AnnouncedStatus = {
    uploaded: 0,
    downloaded: 0,
    left: 100,
    port: undefined,
    endpoint: undefined,
    isRelay: false,
    held: { kind: "bitfield", bytes: new Uint8Array([0x80]) },
  };

  constructor(intervalSeconds?: number) {
    this.tracker = new MemoryTracker({ clock: this.clock, random: this.random, intervalSeconds });
    this.announcer = new Announcer({
      infoHash: SHARE,
      peerId: US,
      runtime: { clock: this.clock, random: this.random, hasher: createMicrotaskHasher() },
      channel: this.#listening(this.tracker.channel("us")),
      host: {
        status: () => this.status,
        onPeers: (peers) => this.peers.push(...peers),
        onRelays: () => undefined,
        onAnswer: () => this.answers.push(this.clock.now()),
        onError: (_url, error) => this.errors.push(error.code),
        onWarning: (_url, message) => this.warnings.push(message),
      },
    });
  }

  get events(): (string | undefined)[] {
    return this.requests.map(({ event }) => event);
  }

  get isRegistered(): boolean {
    return this.tracker.peersOf(SHARE).includes(US);
  }

  /** The same channel, with a record of what is asked. */
  #listening(channel: TrackerChannel): TrackerChannel {
    const getLongestRetryMs = () => this.longestRetryMs;
    return {
      url: channel.url,
      address: channel.address,
      get longestRetryMs() {
        return getLongestRetryMs();
      },
      announce: async (request, signal) => {
        this.requests.push(request);
        return this.onAnnounce?.() ?? (await channel.announce(request, signal));
      },
      scrape: (infoHash, signal) => channel.scrape(infoHash, signal),
      have: (infoHash, pieces) => channel.have(infoHash, pieces),
      watch: (infoHash, watcher) => channel.watch(infoHash, watcher),
      close: () => channel.close(),
    };
  }
}

async function registered(intervalSeconds?: number): Promise<Scene> {
  const scene = new Scene(intervalSeconds);
  scene.announcer.announce();
  await scene.clock.advance(1_000);
  return scene;
}

describe("Announcer", () => {
  it("registers, tells what it holds and hands over the peers that are named", async () => {
    const scene = new Scene();
    const other = scene.tracker.channel("other");
    const otherId = peerIdFromBytes(new Uint8Array(20).fill(3));
    const signal = new AbortController().signal;
    const { uploaded, downloaded, left } = scene.status;
    const their = { infoHash: SHARE, peerId: otherId, uploaded, downloaded, left, numWant: 0, endpoint: "ws://other/" };
    await scene.clock.settle(other.announce(their, signal));
    scene.announcer.announce();
    await scene.clock.advance(1_000);
    expect(scene.isRegistered).toBe(true);
    expect(scene.peers).toEqual([{ peerId: otherId, endpoint: "ws://other/" }]);
    expect(scene.tracker.heldOf(SHARE).get("us")).toEqual([scene.status.held]);
    expect(scene.announcer.view).toMatchObject({ state: "waiting", leeches: 2, error: undefined });
  });

  it("announces again after each interval, with the event the first time only", async () => {
    const scene = await registered(120);
    await scene.clock.advance(300_000);
    expect(scene.events).toEqual(["started", undefined, undefined]);
  });

  it.each([
    [1, 10_000],
    [100_000, 3_600_000],
  ])("takes an interval of %d s for %d ms", async (seconds, ms) => {
    const scene = await registered(seconds);
    await scene.clock.advance(ms - 2_000);
    expect(scene.requests).toHaveLength(1);
    await scene.clock.advance(2_000);
    expect(scene.requests).toHaveLength(2);
  });

  it("backs off from a tracker that does not answer, then registers anew", async () => {
    const scene = new Scene();
    scene.tracker.setUp(false);
    scene.announcer.announce();
    await scene.clock.advance(10 * 60_000);
    expect(scene.answers).toEqual([]);
    expect(new Set(scene.errors)).toEqual(new Set(["tracker"]));
    expect(scene.announcer.view.error?.code).toBe("tracker");
    expect(scene.requests.length).toBeGreaterThan(8);
    expect(scene.requests.length).toBeLessThan(60);
    scene.tracker.setUp(true);
    await scene.clock.advance(60_000);
    expect([scene.isRegistered, scene.announcer.view.state, scene.announcer.view.error]).toEqual([
      true,
      "waiting",
      undefined,
    ]);
    expect(new Set(scene.events)).toEqual(new Set(["started"]));
  });

  it("reports a failure reason and tries again", async () => {
    const scene = new Scene();
    scene.tracker.failureReason = "not here";
    scene.announcer.announce();
    await scene.clock.advance(500);
    expect([scene.errors, scene.announcer.view.state]).toEqual([["tracker"], "backing-off"]);
    scene.tracker.failureReason = undefined;
    await scene.clock.advance(5_000);
    expect(scene.isRegistered).toBe(true);
  });

  it("leaves a tracker alone for as long as it asks, at most a day", async () => {
    const scene = new Scene();
    let retryAfterMs = 300_000;
    scene.onAnnounce = () => {
      throw new ShoalError("tracker", "busy", { retryAfterMs });
    };
    scene.announcer.announce();
    await scene.clock.advance(299_000);
    expect(scene.requests).toHaveLength(1);
    retryAfterMs = Number.POSITIVE_INFINITY;
    await scene.clock.advance(1_000);
    expect(scene.requests).toHaveLength(2);
    await scene.clock.advance(23 * 3_600_000);
    expect(scene.requests).toHaveLength(2);
    scene.onAnnounce = undefined;
    await scene.clock.advance(3_700_000);
    expect(scene.isRegistered).toBe(true);
  });

  it("comes back ever more rarely to a tracker that fails for long, as far as its line asks", async () => {
    const scene = new Scene();
    scene.longestRetryMs = 1_800_000;
    scene.tracker.setUp(false);
    scene.announcer.announce();
    await scene.clock.advance(4 * 3_600_000);
    expect(scene.requests.length).toBeGreaterThan(12);
    expect(scene.requests.length).toBeLessThan(60);
  });

  it("passes on what the tracker warns of, once", async () => {
    const scene = new Scene(60);
    const reply = { intervalSeconds: 60, seeds: 0, leeches: 0, peers: [], relays: [] };
    scene.onAnnounce = () => ({ ...reply, warning: scene.requests.length < 4 ? "old client" : "older client" });
    scene.announcer.announce();
    await scene.clock.advance(300_000);
    expect(scene.requests.length).toBeGreaterThan(4);
    expect(scene.warnings).toEqual(["old client", "older client"]);
  });

  it("registers again when the line was lost", async () => {
    const scene = await registered();
    scene.tracker.loseLines();
    expect(scene.isRegistered).toBe(false);
    await scene.clock.advance(5_000);
    expect(scene.isRegistered).toBe(true);
    expect(scene.events).toEqual(["started", "started"]);
    expect(scene.tracker.heldOf(SHARE).get("us")).toHaveLength(2);
  });

  it("tells that the share is complete", async () => {
    const scene = await registered();
    scene.status = { ...scene.status, left: 0 };
    scene.announcer.announce("completed");
    await scene.clock.advance(1_000);
    expect(scene.requests.at(-1)).toMatchObject({ event: "completed", left: 0 });
  });

  it("tells that the share is complete although the first announce was still under way", async () => {
    const scene = new Scene();
    scene.announcer.announce();
    scene.announcer.announce("completed");
    await scene.clock.advance(1_000);
    expect(scene.events).toEqual(["started", "completed"]);
  });

  it("announces once more, not twice, for whatever came up meanwhile", async () => {
    const scene = new Scene();
    for (let turn = 0; turn < 5; turn++) scene.announcer.announce();
    await scene.clock.advance(1_000);
    expect(scene.requests).toHaveLength(2);
  });

  it("tells of pieces only where it is registered", async () => {
    const scene = new Scene();
    scene.announcer.have({ kind: "indexes", pieces: [1] });
    scene.announcer.announce();
    await scene.clock.advance(1_000);
    scene.announcer.have({ kind: "indexes", pieces: [2] });
    await scene.clock.advance(1_000);
    expect(scene.tracker.heldOf(SHARE).get("us")).toEqual([scene.status.held, { kind: "indexes", pieces: [2] }]);
  });

  it("passes on peers that the tracker names unasked", async () => {
    const scene = await registered();
    const other = scene.tracker.channel("other");
    const peerId = peerIdFromBytes(new Uint8Array(20).fill(3));
    const request = { infoHash: SHARE, peerId, uploaded: 0, downloaded: 0, left: 1, numWant: 0, endpoint: "ws://new/" };
    await scene.clock.settle(other.announce(request, new AbortController().signal));
    await scene.clock.advance(1_000);
    expect(scene.peers).toEqual([{ peerId, endpoint: "ws://new/" }]);
  });

  it("says goodbye where it is known, and is silent afterwards", async () => {
    const scene = await registered();
    await scene.clock.settle(scene.announcer.stop());
    expect([scene.events.at(-1), scene.requests.at(-1)?.numWant, scene.isRegistered]).toEqual(["stopped", 0, false]);
    scene.announcer.announce();
    await scene.clock.settle(scene.announcer.stop());
    await scene.clock.advance(600_000);
    expect([scene.requests.length, scene.announcer.view.state, scene.clock.pendingTimers]).toEqual([2, "stopped", 0]);
  });

  it("does not say goodbye where nobody knows of it", async () => {
    const scene = new Scene();
    scene.tracker.setUp(false);
    scene.announcer.announce();
    await scene.clock.advance(100);
    await scene.clock.settle(scene.announcer.stop());
    await scene.clock.advance(60_000);
    expect(scene.events).not.toContain("stopped");
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it("takes three seconds at most for its farewell", async () => {
    const scene = await registered();
    scene.tracker.setUp(false);
    const before = scene.clock.now();
    await scene.clock.settle(scene.announcer.stop());
    expect(scene.clock.now() - before).toBeLessThanOrEqual(3_000);
  });

  it("hears no answer that comes after it stopped", async () => {
    const scene = new Scene();
    scene.announcer.announce();
    await scene.clock.settle(scene.announcer.stop());
    await scene.clock.advance(10_000);
    expect([scene.answers, scene.errors, scene.clock.pendingTimers]).toEqual([[], [], 0]);
  });
});
