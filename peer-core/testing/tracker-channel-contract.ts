import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { infoHashFromBytes, peerIdFromBytes, type InfoHash, type PeerId } from "../src/base/ids.js";
import type { AnnounceRequest, ScrapeReply, TrackerChannel, TrackerPeer } from "../src/ports/tracker-channel.js";

/** A tracker and the means to trouble it. */
export interface TrackerSetting {
  /** A new line to the tracker, of another peer each time; the contract closes it. */
  readonly open: () => TrackerChannel;
  /** A line to a tracker that cannot be reached. */
  readonly openUnreachable: () => TrackerChannel;
  /** At least two different URLs that the tracker accepts as endpoints and names to others. */
  readonly endpoints: readonly [string, string, ...string[]];
  /** How a peer that can be dialled at one of `endpoints` says so; by its URL when left out. */
  readonly announcing?: (endpoint: string) => Pick<AnnounceRequest, "port" | "endpoint">;
  /** Breaks all lines; the tracker stays. Of no use where there are none. */
  readonly loseLines: () => void;
  /** Waits while time runs. */
  readonly settle: <T>(promise: Promise<T>) => Promise<T>;
  readonly until: (holds: () => boolean) => Promise<void>;
  /** Lets everything happen that is on its way. */
  readonly quiet: () => Promise<void>;
  readonly dispose: () => Promise<void>;
}

const SWARM = infoHashFromBytes(new Uint8Array(20).fill(0xf1));
const OTHER_SWARM = infoHashFromBytes(new Uint8Array(20).fill(0x07));

/** What not every kind of tracker can do. */
export interface TrackerAbilities {
  /** The tracker keeps a line to each peer: it tells of newcomers unasked and takes a lost line for a farewell. */
  readonly keepsLines: boolean;
  /** The tracker says whose addresses it names. */
  readonly namesPeers: boolean;
}

const ALL_ABILITIES: TrackerAbilities = { keepsLines: true, namesPeers: true };

/** Tries before a count that has to come about counts as wrong. */
const MAX_SCRAPES = 200;

/** Registers the tests that every `TrackerChannel` passes: each sentence of the port. */
export function describeTrackerChannel(
  name: string,
  makeSetting: () => Promise<TrackerSetting>,
  abilities: TrackerAbilities = ALL_ABILITIES,
): void {
  describe(`TrackerChannel: ${name}`, () => {
    let bench: TrackerBench;
    beforeEach(async () => {
      bench = new TrackerBench(await makeSetting(), abilities);
    });
    afterEach(() => bench.dispose());
    const getBench = (): TrackerBench => bench;
    describeAnnouncing(getBench);
    if (abilities.keepsLines) describeWatching(getBench);
    describeFailing(getBench);
    describeEnding(getBench);
  });
}

/** Opens lines, closes them at the end, and speaks for peers by number. */
class TrackerBench {
  readonly setting: TrackerSetting;
  readonly abilities: TrackerAbilities;
  readonly #lines: TrackerChannel[] = [];

  constructor(setting: TrackerSetting, abilities: TrackerAbilities) {
    this.setting = setting;
    this.abilities = abilities;
  }

  open(): TrackerChannel {
    const line = this.setting.open();
    this.#lines.push(line);
    return line;
  }

  unreachable(): TrackerChannel {
    const line = this.setting.openUnreachable();
    this.#lines.push(line);
    return line;
  }

  async announce(line: TrackerChannel, request: Partial<AnnounceRequest> & { peerId: PeerId }) {
    const { endpoint } = request;
    const dialable = endpoint === undefined ? {} : (this.setting.announcing?.(endpoint) ?? { endpoint });
    const asked = announceOf({ ...request, endpoint: undefined, ...dialable });
    return this.setting.settle(line.announce(asked, neverAborted()));
  }

  /** Peer `number` as a reply of this tracker names it. */
  named(number: number, endpoint: string): TrackerPeer {
    return { peerId: this.abilities.namesPeers ? peer(number) : undefined, endpoint };
  }

  async scrape(line: TrackerChannel, infoHash: InfoHash = SWARM): Promise<ScrapeReply> {
    return this.setting.settle(line.scrape(infoHash, neverAborted()));
  }

  /** Scrapes until the counts are as given. */
  async expectCounts(line: TrackerChannel, expected: { seeds: number; leeches: number }): Promise<void> {
    let last: ScrapeReply | undefined;
    for (let i = 0; i < MAX_SCRAPES; i++) {
      last = await this.scrape(line);
      if (last.seeds === expected.seeds && last.leeches === expected.leeches) return;
      await this.setting.quiet();
    }
    expect(last).toMatchObject(expected);
  }

  async dispose(): Promise<void> {
    for (const line of this.#lines) await this.setting.settle(line.close());
    await this.setting.dispose();
  }
}

function peer(number: number): PeerId {
  return peerIdFromBytes(new Uint8Array(20).fill(number));
}

function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

function announceOf(request: Partial<AnnounceRequest> & { peerId: PeerId }): AnnounceRequest {
  return { infoHash: SWARM, uploaded: 0, downloaded: 0, left: 100, event: "started", numWant: 50, ...request };
}

function describeAnnouncing(getBench: () => TrackerBench): void {
  it("says when to announce again", async () => {
    const bench = getBench();
    const reply = await bench.announce(bench.open(), { peerId: peer(1) });
    expect(reply.intervalSeconds).toBeGreaterThan(0);
    expect(reply.peers).toEqual([]);
  });

  it("names dialable peers with their endpoints, and neither the asker nor who cannot be dialled", async () => {
    const bench = getBench();
    const [a, b, c] = [bench.open(), bench.open(), bench.open()];
    const [endpointA, endpointB] = bench.setting.endpoints;
    await bench.announce(a, { peerId: peer(1), endpoint: endpointA });
    await bench.announce(b, { peerId: peer(2), endpoint: endpointB });
    const reply = await bench.announce(c, { peerId: peer(3) });
    expect(byEndpoint(reply.peers)).toEqual(byEndpoint([bench.named(1, endpointA), bench.named(2, endpointB)]));
    const again = await bench.announce(a, { peerId: peer(1), endpoint: endpointA, event: undefined });
    expect(again.peers).toEqual([bench.named(2, endpointB)]);
  });

  it("names no more peers than wanted", async () => {
    const bench = getBench();
    const [endpointA, endpointB] = bench.setting.endpoints;
    await bench.announce(bench.open(), { peerId: peer(1), endpoint: endpointA });
    await bench.announce(bench.open(), { peerId: peer(2), endpoint: endpointB });
    const line = bench.open();
    expect((await bench.announce(line, { peerId: peer(3), numWant: 1 })).peers).toHaveLength(1);
    expect((await bench.announce(line, { peerId: peer(3), numWant: 0, event: undefined })).peers).toEqual([]);
  });

  it("counts seeds, leeches and those who do not know yet what is missing", async () => {
    const bench = getBench();
    await bench.announce(bench.open(), { peerId: peer(1), left: 0 });
    await bench.announce(bench.open(), { peerId: peer(2), left: 1 });
    const line = bench.open();
    const reply = await bench.announce(line, { peerId: peer(3), left: undefined });
    expect(reply).toMatchObject({ seeds: 1, leeches: 2 });
    expect(await bench.scrape(line)).toMatchObject({ seeds: 1, leeches: 2 });
  });

  it("counts who completes among the seeds, and as completed once", async () => {
    const bench = getBench();
    const line = bench.open();
    await bench.announce(line, { peerId: peer(1), left: 10 });
    const before = await bench.scrape(line);
    expect(before).toMatchObject({ seeds: 0, leeches: 1 });
    await bench.announce(line, { peerId: peer(1), left: 0, downloaded: 10, event: "completed" });
    expect(await bench.scrape(line)).toEqual({ seeds: 1, leeches: 0, completed: before.completed + 1 });
  });

  it("forgets who stops", async () => {
    const bench = getBench();
    const [a, b] = [bench.open(), bench.open()];
    await bench.announce(a, { peerId: peer(1), endpoint: bench.setting.endpoints[0] });
    await bench.announce(a, { peerId: peer(1), event: "stopped" });
    expect((await bench.announce(b, { peerId: peer(2) })).peers).toEqual([]);
    await bench.expectCounts(b, { seeds: 0, leeches: 1 });
  });

  it("keeps several swarms on one line apart", async () => {
    const bench = getBench();
    const [a, b] = [bench.open(), bench.open()];
    const [endpoint] = bench.setting.endpoints;
    await bench.announce(a, { peerId: peer(1), endpoint, left: 0 });
    await bench.announce(a, { peerId: peer(1), infoHash: OTHER_SWARM, endpoint, left: 5 });
    expect((await bench.announce(b, { peerId: peer(2) })).peers).toEqual([bench.named(1, endpoint)]);
    expect(await bench.scrape(b, OTHER_SWARM)).toMatchObject({ seeds: 0, leeches: 1 });
    expect(await bench.scrape(b, SWARM)).toMatchObject({ seeds: 1, leeches: 1 });
  });

  it("answers many requests at once, each with its own reply", async () => {
    const bench = getBench();
    const line = bench.open();
    await bench.announce(line, { peerId: peer(1), left: 0 });
    const swarms = Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? SWARM : OTHER_SWARM));
    const replies = swarms.map((infoHash) => line.scrape(infoHash, neverAborted()));
    const counts = (await bench.setting.settle(Promise.all(replies))).map(({ seeds }) => seeds);
    expect(counts).toEqual([1, 0, 1, 0, 1, 0]);
  });

  it("takes reports of held pieces without an answer, also for swarms that nobody knows", async () => {
    const bench = getBench();
    const line = bench.open();
    await bench.announce(line, { peerId: peer(1) });
    line.have(SWARM, { kind: "indexes", pieces: [0, 5] });
    line.have(SWARM, { kind: "bitfield", bytes: new Uint8Array([0b1000_0000]) });
    line.have(SWARM, { kind: "all" });
    line.have(OTHER_SWARM, { kind: "all" });
    await bench.setting.quiet();
    expect(await bench.scrape(line)).toMatchObject({ leeches: 1 });
  });
}

function describeWatching(getBench: () => TrackerBench): void {
  it("tells who watches of a dialable peer that comes later, until the watch ends", async () => {
    const bench = getBench();
    const [a, b, c] = [bench.open(), bench.open(), bench.open()];
    const [endpointB, endpointC] = bench.setting.endpoints;
    const told: TrackerPeer[] = [];
    const unwatch = a.watch(SWARM, { onPeers: (peers) => told.push(...peers), onLost: () => undefined });
    await bench.announce(a, { peerId: peer(1) });
    await bench.announce(b, { peerId: peer(2), endpoint: endpointB });
    await bench.setting.until(() => told.length > 0);
    expect(told.every((known) => known.endpoint === endpointB)).toBe(true);
    unwatch();
    told.length = 0;
    await bench.announce(c, { peerId: peer(3), endpoint: endpointC });
    await bench.setting.quiet();
    expect(told).toEqual([]);
  });

  it("tells who watches that the line was lost, leaves the swarm with it, and connects again when used", async () => {
    const bench = getBench();
    const line = bench.open();
    let losses = 0;
    line.watch(SWARM, { onPeers: () => undefined, onLost: () => losses++ });
    await bench.announce(line, { peerId: peer(1) });
    bench.setting.loseLines();
    await bench.setting.until(() => losses === 1);
    const other = bench.open();
    await bench.expectCounts(other, { seeds: 0, leeches: 0 });
    expect(await bench.announce(line, { peerId: peer(1) })).toMatchObject({ leeches: 1 });
    expect(losses).toBe(1);
  });
}

function describeFailing(getBench: () => TrackerBench): void {
  it("rejects with `tracker` when the tracker cannot be reached", async () => {
    const bench = getBench();
    const line = bench.unreachable();
    await expect(bench.announce(line, { peerId: peer(1) })).rejects.toMatchObject({
      name: "ShoalError",
      code: "tracker",
    });
    await expect(bench.scrape(line)).rejects.toMatchObject({ name: "ShoalError", code: "tracker" });
    line.have(SWARM, { kind: "all" });
  });

  it("rejects with `aborted` when the signal fires, at once or later", async () => {
    const bench = getBench();
    const line = bench.open();
    const abort = new AbortController();
    const pending = line.announce(announceOf({ peerId: peer(1) }), abort.signal);
    abort.abort();
    await expect(bench.setting.settle(pending)).rejects.toMatchObject({ name: "ShoalError", code: "aborted" });
    const late = line.scrape(SWARM, abort.signal);
    await expect(bench.setting.settle(late)).rejects.toMatchObject({ name: "ShoalError", code: "aborted" });
    expect(await bench.announce(line, { peerId: peer(1) })).toMatchObject({ leeches: 1 });
  });
}

function describeEnding(getBench: () => TrackerBench): void {
  it("sends what is pending before it closes", async () => {
    const bench = getBench();
    const [a, b] = [bench.open(), bench.open()];
    await bench.announce(a, { peerId: peer(1), left: 10 });
    const before = await bench.scrape(b);
    const farewell = a.announce(announceOf({ peerId: peer(1), left: 0, event: "completed" }), neverAborted());
    const outcome = Promise.allSettled([farewell]);
    await bench.setting.settle(a.close());
    await bench.setting.settle(outcome);
    await bench.expectCounts(b, { seeds: bench.abilities.keepsLines ? 0 : 1, leeches: 0 });
    expect((await bench.scrape(b)).completed).toBe(before.completed + 1);
  });

  it("rejects every call after it was closed, and closes twice without complaint", async () => {
    const bench = getBench();
    const line = bench.open();
    await bench.announce(line, { peerId: peer(1) });
    await bench.setting.settle(line.close());
    await expect(bench.announce(line, { peerId: peer(1) })).rejects.toMatchObject({ code: "tracker" });
    await expect(bench.scrape(line)).rejects.toMatchObject({ code: "tracker" });
    line.have(SWARM, { kind: "all" });
    await bench.setting.settle(line.close());
  });
}

function byEndpoint(peers: readonly TrackerPeer[]): readonly TrackerPeer[] {
  return [...peers].sort((a, b) => a.endpoint.localeCompare(b.endpoint));
}
