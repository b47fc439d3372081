import { MemoryTracker } from "@shoal/peer-core/testing";
import { describe, expect, it } from "vitest";
import { addRelay, type SimulatedRelay } from "../support/simulated-relay.js";
import {
  Simulation,
  type SimulatedPeer,
  type SimulatedPeerOptions,
  type SimulationOptions,
} from "../support/simulated-swarm.js";

const PIECE = 64 * 1024;
const MINUTE = 60_000;
const LENGTH = 64 * PIECE;

function create(options: Partial<SimulationOptions> = {}): Promise<Simulation> {
  return Simulation.create({ seed: 1, length: LENGTH, pieceLength: PIECE, ...options });
}

/** A peer that nobody can dial, with these relays to go to. */
function addTab(
  simulation: Simulation,
  name: string,
  relays: readonly SimulatedRelay[],
  options: SimulatedPeerOptions = {},
) {
  const addresses = relays.map(({ address }) => address);
  return simulation.add(name, {
    latencyMs: 10,
    dialable: false,
    ...options,
    share: { relays: addresses, ...options.share },
  });
}

async function close(simulation: Simulation, ...relays: SimulatedRelay[]): Promise<void> {
  await simulation.clock.settle(Promise.all(relays.map(({ client }) => client.close())));
  await simulation.close();
  expect(simulation.clock.pendingTimers).toBe(0);
}

async function leave(simulation: Simulation, peer: SimulatedPeer | SimulatedRelay): Promise<void> {
  await simulation.clock.settle(peer.client.close());
}

function heldBy(relay: SimulatedRelay, simulation: Simulation): number {
  return relay.cache.kept(simulation.infoHash).length;
}

describe("a relay", () => {
  it("carries a share from one tab to three, each piece fetched once", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay");
    const a = addTab(simulation, "a", [relay], { has: "all", upBytesPerSecond: 1_000_000 });
    const others = ["b", "c", "d"].map((name) => addTab(simulation, name, [relay]));
    expect(await simulation.allComplete(others, 2 * MINUTE)).toBe(true);
    for (const peer of others) expect(await simulation.holdsEverything(peer)).toBe(true);
    expect(a.host.sentBytes).toBeLessThan(1.05 * LENGTH);
    expect(a.session.view.peers.map(({ isRelay, isDialable }) => [isRelay, isDialable])).toEqual([[true, true]]);
    await close(simulation, relay);
  });

  it("asks those who share for pieces in their order, as files are read fastest", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay", { quotaBytes: 16 * LENGTH });
    const a = addTab(simulation, "a", [relay], { has: "all" });
    const b = addTab(simulation, "b", [relay]);
    expect(await simulation.allComplete([b], 2 * MINUTE)).toBe(true);
    const begun = [...new Set(a.reads)];
    expect(begun).toHaveLength(LENGTH / PIECE);
    // Where it begins is left to chance.
    const jumps = begun.filter((piece, at) => at > 0 && piece !== (begun[at - 1] ?? 0) + 1);
    expect(jumps.length).toBeLessThanOrEqual(2);
    await close(simulation, relay);
  });

  it("begins to fetch as fast as its source can send, though it knows no rate yet", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay", { quotaBytes: 16 * LENGTH });
    addTab(simulation, "a", [relay], { has: "all", latencyMs: 200 });
    const b = addTab(simulation, "b", [relay]);
    const from = simulation.clock.now();
    expect(await simulation.allComplete([b], 2 * MINUTE)).toBe(true);
    // By its rate alone it would take 7.5 s.
    expect(simulation.clock.now() - from).toBeLessThan(6_000);
    await close(simulation, relay);
  });

  it("learns the metainfo from the peer that has it", async () => {
    const simulation = await create({ cut: true });
    const relay = addRelay(simulation, "relay", { knowsMetainfo: false });
    const b = addTab(simulation, "b", [relay], { knowsMetainfo: false });
    await simulation.clock.advance(5_000);
    expect(b.session.view.state).toBe("metadata");
    addTab(simulation, "a", [relay], { has: "all" });
    expect(await simulation.allComplete([b], 2 * MINUTE)).toBe(true);
    await close(simulation, relay);
  });

  it("gives what it has to who comes after the source has left", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay");
    const a = addTab(simulation, "a", [relay], { has: "all" });
    const b = addTab(simulation, "b", [relay]);
    expect(await simulation.allComplete([b], 2 * MINUTE)).toBe(true);
    for (const peer of [a, b]) await leave(simulation, peer);
    const e = addTab(simulation, "e", [relay]);
    expect(await simulation.allComplete([e], 2 * MINUTE)).toBe(true);
    await close(simulation, relay);
  });

  it("lets two tabs that hold different halves finish from each other", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay");
    const b = addTab(simulation, "b", [relay], { has: (piece) => piece < 32 });
    const c = addTab(simulation, "c", [relay], { has: (piece) => piece >= 32 });
    expect(await simulation.allComplete([b, c], 2 * MINUTE)).toBe(true);
    await close(simulation, relay);
  });

  it("is replaced half way, and its empty successor brings what the tabs hold together", async () => {
    const simulation = await create();
    const first = addRelay(simulation, "first");
    const second = addRelay(simulation, "second");
    const relays = [first, second];
    const a = addTab(simulation, "a", relays, { has: (piece) => piece % 2 === 0, upBytesPerSecond: 500_000 });
    const b = addTab(simulation, "b", relays, { has: (piece) => piece % 4 === 1 });
    const c = addTab(simulation, "c", relays, { has: (piece) => piece % 4 === 3 });
    await simulation.clock.runUntil(() => b.session.view.verifiedPieces >= 40, MINUTE);
    first.host.crash(100);
    expect(await simulation.allComplete([a, b, c], 2 * MINUTE)).toBe(true);
    expect(heldBy(second, simulation)).toBeGreaterThan(0);
    await close(simulation, first, second);
  });

  it("goes on with what others hold when a source leaves in the middle of its pieces", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay");
    const a = addTab(simulation, "a", [relay], { has: (piece) => piece < 32, upBytesPerSecond: 300_000 });
    const b = addTab(simulation, "b", [relay]);
    await simulation.clock.runUntil(() => b.session.view.verifiedPieces >= 5, MINUTE);
    a.host.crash(100);
    addTab(simulation, "c", [relay], { has: (piece) => piece >= 32 });
    expect(await simulation.clock.runUntil(() => b.session.view.verifiedPieces >= 37, MINUTE)).toBe(true);
    await close(simulation, relay);
  });

  it("fetches only what somebody wants", async () => {
    const fileLengths = Array.from({ length: 8 }, () => 8 * PIECE);
    const simulation = await create({ fileLengths });
    const relay = addRelay(simulation, "relay");
    addTab(simulation, "a", [relay], { has: "all" });
    const b = addTab(simulation, "b", [relay], { share: { select: () => [3] } });
    expect(await simulation.allComplete([b], MINUTE)).toBe(true);
    await simulation.clock.advance(30_000);
    expect(relay.cache.kept(simulation.infoHash)).toEqual([24, 25, 26, 27, 28, 29, 30, 31]);
    await close(simulation, relay);
  });

  it("lets neither a paused nor a slow peer hold up a fast one, within a quarter of the room", async () => {
    const simulation = await create({ length: 128 * PIECE });
    const relay = addRelay(simulation, "relay", { quotaBytes: 32 * PIECE });
    const a = addTab(simulation, "a", [relay], { has: "all", upBytesPerSecond: 1_000_000 });
    const paused = addTab(simulation, "paused", [relay], { limits: { up: 0, down: 1 } });
    const slow = addTab(simulation, "slow", [relay], { downBytesPerSecond: 100_000 });
    const fast = addTab(simulation, "fast", [relay]);
    expect(await simulation.allComplete([fast], 12_000)).toBe(true);
    expect(await simulation.allComplete([slow], 4 * MINUTE)).toBe(true);
    expect(a.host.sentBytes).toBeLessThan(1.5 * 128 * PIECE);
    expect(relay.cache.peakBytes).toBeLessThanOrEqual(relay.cache.quotaBytes);
    expect(paused.session.view.verifiedPieces).toBeLessThan(8);
    await close(simulation, relay);
  });

  it("finds the other relay of the swarm, and carries for its peers what they want", async () => {
    const simulation = await create();
    const tracker = new MemoryTracker({ clock: simulation.clock, random: simulation.random });
    const [one, other] = ["one", "other"].map((name) => addRelay(simulation, name, { tracker: tracker.channel(name) }));
    const a = addTab(simulation, "a", [one!], { has: "all" });
    const tabs = ["b", "c"].map((name) => addTab(simulation, name, [other!]));
    expect(await simulation.allComplete(tabs, 2 * MINUTE)).toBe(true);
    expect(a.host.sentBytes).toBeLessThan(1.05 * LENGTH);
    await close(simulation, one!, other!);
  });

  it("fetches a rotten piece of its cache again", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay");
    addTab(simulation, "a", [relay], { has: "all" });
    const b = addTab(simulation, "b", [relay]);
    expect(await simulation.allComplete([b], 2 * MINUTE)).toBe(true);
    await leave(simulation, b);
    relay.cache.rot(simulation.infoHash, 7);
    const e = addTab(simulation, "e", [relay]);
    expect(await simulation.allComplete([e], 3 * MINUTE)).toBe(true);
    await close(simulation, relay);
  });

  it("keeps a whole share where it may, and says until when", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay", { relay: { keepBytes: LENGTH, keepMs: 10 * MINUTE } });
    const a = addTab(simulation, "a", [relay], { has: "all" });
    const b = addTab(simulation, "b", [relay], { share: { select: () => [0] }, limits: { up: 0, down: 1 } });
    await simulation.clock.advance(MINUTE);
    expect(heldBy(relay, simulation)).toBe(64);
    const [until] = a.session.view.peers.map(({ keptUntilMs }) => keptUntilMs);
    expect(until).toBeGreaterThan(1_800_000_000_000 + simulation.clock.now() + 8 * MINUTE);
    for (const peer of [a, b]) await leave(simulation, peer);
    await simulation.clock.advance(5 * MINUTE);
    expect(relay.client.carried()).toHaveLength(1);
    await simulation.clock.advance(8 * MINUTE);
    expect(relay.client.carried()).toHaveLength(0);
    await close(simulation, relay);
  });

  it("keeps a share that nobody wants yet for a peer that asks, and promises nothing without room", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay", { relay: { keepBytes: LENGTH, keepMs: 10 * MINUTE } });
    const full = addRelay(simulation, "full", { relay: { keepBytes: LENGTH - 1, keepMs: 10 * MINUTE } });
    const asking = { has: "all", share: { relays: [relay.address], asksToKeep: true } } as const;
    const a = simulation.add("a", asking);
    const b = simulation.add("b", { ...asking, share: { ...asking.share, relays: [full.address] } });
    const silent = addTab(simulation, "silent", [full], { has: "all" });
    const promised = ({ session }: SimulatedPeer) => session.view.peers.map(({ keptUntilMs }) => keptUntilMs);
    expect(await simulation.clock.runUntil(() => (promised(a)[0] ?? 0) > 0, MINUTE)).toBe(true);
    // It stays, though both can be dialled and have everything, and is told again.
    await simulation.clock.advance(10 * MINUTE);
    expect(promised(a)[0]).toBeGreaterThan(1_800_000_000_000 + simulation.clock.now() + 8 * MINUTE);
    expect(promised(b)).toEqual([undefined]);
    expect([heldBy(relay, simulation), heldBy(full, simulation)]).toEqual([64, 0]);
    for (const peer of [a, b, silent]) await leave(simulation, peer);
    const c = addTab(simulation, "c", [relay]);
    expect(await simulation.allComplete([c], 2 * MINUTE)).toBe(true);
    await close(simulation, relay, full);
  });

  it("leaves a share some time after the last peer has gone, and comes back to what it kept", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay");
    const a = addTab(simulation, "a", [relay], { has: "all" });
    const b = addTab(simulation, "b", [relay]);
    expect(await simulation.allComplete([b], 2 * MINUTE)).toBe(true);
    for (const peer of [a, b]) await leave(simulation, peer);
    await simulation.clock.advance(50_000);
    expect(relay.client.carried()).toHaveLength(1);
    await simulation.clock.advance(20_000);
    expect(relay.client.carried()).toHaveLength(0);
    const e = addTab(simulation, "e", [relay]);
    expect(await simulation.allComplete([e], 2 * MINUTE)).toBe(true);
    await close(simulation, relay);
  });
});
