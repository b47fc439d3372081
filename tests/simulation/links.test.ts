import { describe, expect, it } from "vitest";
import type { CloseReason } from "@shoal/peer-core";
import { MemoryTracker } from "@shoal/peer-core/testing";
import { ID, RawPeer } from "../support/raw-peer.js";
import { Simulation } from "../support/simulated-swarm.js";

const KIB = 1024;
const PIECE = 64 * KIB;
const LENGTH = 16 * PIECE;

async function create(seed = 1): Promise<Simulation> {
  return Simulation.create({ seed, length: LENGTH, pieceLength: PIECE });
}

describe("two peers that dial each other", () => {
  it.each([1, 2, 3, 4, 5])("at once keep exactly one link (seed %d)", async (seed) => {
    const simulation = await create(seed);
    const one = simulation.add("one", { latencyMs: 10 + simulation.random.int(50) });
    const other = simulation.add("other", { latencyMs: 10 + simulation.random.int(50) });
    simulation.introduceAll();
    await simulation.clock.advance(30_000);
    for (const { session, host } of [one, other]) expect([session.view.peers.length, host.openLinks]).toEqual([1, 1]);
    const connected = one.events.filter((event) => event.kind === "peer" && event.change === "connected").length;
    const closed = one.events.filter((event) => event.kind === "peer" && event.change === "closed").length;
    expect(connected - closed).toBe(1);
    await simulation.close();
    expect(simulation.clock.pendingTimers).toBe(0);
  });

  it("find each other again after the link was lost", async () => {
    const simulation = await create();
    const one = simulation.add("one");
    const other = simulation.add("other");
    simulation.introduceAll();
    await simulation.clock.advance(5_000);
    one.host.loseLinks();
    await simulation.clock.advance(20_000);
    expect([one.session.view.peers.length, other.session.view.peers.length]).toEqual([1, 1]);
    await simulation.close();
  });
});

describe("links", () => {
  it("are closed between two seeds that can both be dialled, and kept where one cannot", async () => {
    const simulation = await create();
    const one = simulation.add("one", { has: "all" });
    const other = simulation.add("other", { has: "all" });
    const tab = simulation.add("tab", { has: "all", dialable: false });
    simulation.introduceAll();
    await simulation.clock.advance(10 * 60_000);
    expect(one.session.view.peers.map(({ peerId }) => peerId)).toEqual([tab.client.peerId]);
    expect(other.session.view.peers.map(({ peerId }) => peerId)).toEqual([tab.client.peerId]);
    await simulation.close();
    expect(simulation.clock.pendingTimers).toBe(0);
  });

  it("to ourselves are given up for good", async () => {
    const simulation = await create();
    const peer = simulation.add("peer");
    peer.session.addEndpoints([peer.address]);
    await simulation.clock.advance(60_000);
    expect(peer.session.view).toMatchObject({ peers: [], candidates: 0 });
    await simulation.close();
  });

  it("that wait for the other side to say who it is end with the client", async () => {
    const simulation = await create();
    const peer = simulation.add("peer");
    const host = simulation.network.host("mute");
    let closed: CloseReason | undefined;
    host.listen("ws://mute:1", (connection) =>
      connection.attach({
        onBytes: () => undefined,
        onDrain: () => undefined,
        onClosed: (reason) => (closed = reason),
      }),
    );
    peer.session.addEndpoints(["ws://mute:1"]);
    await simulation.clock.advance(1_000);
    expect([peer.host.openLinks, peer.session.view.peers.length]).toEqual([1, 0]);
    await simulation.close();
    expect([peer.host.openLinks, simulation.clock.pendingTimers]).toEqual([0, 0]);
    await simulation.clock.advance(1_000);
    expect(closed).toMatchObject({ remote: true, message: "shutting down" });
  });

  it("are opened by a seed that nobody can dial to a newcomer, named by the tracker unasked", async () => {
    const simulation = await create();
    const { clock, random } = simulation;
    const tracker = new MemoryTracker({ clock, random });
    simulation.add("tab", { has: "all", dialable: false, tracker: tracker.channel("tab") });
    await clock.advance(10_000);
    const newcomer = simulation.add("newcomer", { tracker: tracker.channel("newcomer") });
    expect(await simulation.allComplete([newcomer], 10_000)).toBe(true);
    expect(newcomer.session.view.peers).toMatchObject([{ inbound: true }]);
    await simulation.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it("outlast the tracker, which learns of everybody again when it is back", async () => {
    const simulation = await create();
    const { clock, random } = simulation;
    const tracker = new MemoryTracker({ clock, random });
    simulation.add("seed", { has: "all", upBytesPerSecond: 128 * KIB, tracker: tracker.channel("seed") });
    const leech = simulation.add("leech", { tracker: tracker.channel("leech") });
    await clock.advance(2_000);
    tracker.setUp(false);
    expect(await simulation.allComplete([leech], 60_000)).toBe(true);
    tracker.setUp(true);
    await clock.advance(60_000);
    expect(tracker.peersOf(simulation.infoHash)).toHaveLength(2);
    await simulation.close();
    expect(tracker.peersOf(simulation.infoHash)).toHaveLength(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("go on without BEP 6 and BEP 10, as old clients speak", async () => {
    const simulation = await create();
    const seed = simulation.add("seed", { has: "all" });
    let received = 0;
    const old = new RawPeer(simulation.network.host("old"), simulation.infoHash, {
      onOpen: (link) => {
        const reserved = new Uint8Array(8);
        link.raw(
          Buffer.from("\x13BitTorrent protocol", "latin1"),
          reserved,
          Buffer.from(simulation.infoHash, "hex"),
          old.id,
        );
        link.say(ID.interested);
      },
      onMessage: (link, { id, body }) => {
        if (id === ID.unchoke) for (let piece = 0; piece < 16; piece++) link.say(ID.request, piece, 0, 16 * KIB);
        if (id === ID.piece) received += body.length - 8;
      },
    });
    const link = await simulation.clock.settle(old.dial(seed.address));
    await simulation.clock.advance(5_000);
    expect(received).toBe(16 * 16 * KIB);
    expect([link.count(ID.bitfield), link.count(ID.haveAll), link.count(ID.extended)]).toEqual([1, 0, 0]);
    await simulation.close();
  });
});

describe("a peer that is told of many", () => {
  it("dials as many as it needs, and more when those have nothing for it", async () => {
    const simulation = await create();
    const leech = simulation.add("leech");
    // They shake hands, and neither hold nor want anything.
    const idle = Array.from({ length: 60 }, (_, at) => {
      return new RawPeer(simulation.network.host(`idle${at}`), simulation.infoHash, { onOpen: (link) => link.hello() });
    });
    const seed = simulation.add("seed", { has: "all" });
    leech.session.addEndpoints([...idle, seed].map(({ address }) => address));
    await simulation.clock.advance(8_000);
    const early = leech.session.view.peers.length;
    expect([early >= 20, early <= 21]).toEqual([true, true]);
    expect(await simulation.allComplete([leech], 30_000)).toBe(true);
    await simulation.close();
  });

  it("dials nobody else while enough serve it", async () => {
    const simulation = await Simulation.create({ seed: 1, length: 32 * 1024 * KIB, pieceLength: PIECE });
    const leech = simulation.add("leech", { downBytesPerSecond: 512 * KIB });
    const seeds = Array.from({ length: 60 }, (_, at) => simulation.add(`seed${at}`, { has: "all" }));
    leech.session.addEndpoints(seeds.map(({ address }) => address));
    await simulation.clock.advance(50_000);
    expect(leech.session.view.state).toBe("downloading");
    // As many as suffice where each brings little.
    expect(leech.session.view.peers.length).toBe(24);
    await simulation.close();
  });
});

describe("a crowd that comes together", () => {
  it("is linked evenly, so that nobody has fewer who serve it than others", async () => {
    const simulation = await Simulation.create({ seed: 1, length: 4 * 1024 * KIB, pieceLength: PIECE });
    const line = { upBytesPerSecond: 250 * KIB, downBytesPerSecond: 250 * KIB, latencyMs: 10 };
    const seed = simulation.add("seed", { has: "all", ...line });
    const crowd = Array.from({ length: 64 }, (_, at) => simulation.add(`peer${at}`, line));
    for (const peer of crowd) {
      const others = crowd.filter((other) => other !== peer);
      const known = Array.from({ length: 40 }, () => others.splice(simulation.random.int(others.length), 1)).flat();
      peer.session.addEndpoints([seed, ...known].map(({ address }) => address));
    }
    await simulation.clock.advance(5_000);
    const links = crowd.map(({ session }) => session.view.peers.length);
    expect(Math.min(...links)).toBeGreaterThanOrEqual(20);
    expect(Math.max(...links)).toBeLessThanOrEqual(30);
    await simulation.close();
  });
});
