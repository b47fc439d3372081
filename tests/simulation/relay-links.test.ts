import { MemoryTracker } from "@shoal/peer-core/testing";
import { describe, expect, it } from "vitest";
import { addRelay, type SimulatedRelay } from "../support/simulated-relay.js";
import { RawPeer, type RawLink } from "../support/raw-peer.js";
import { Simulation } from "../support/simulated-swarm.js";

const PIECE = 64 * 1024;
const MINUTE = 60_000;

function create(): Promise<Simulation> {
  return Simulation.create({ seed: 2, length: 32 * PIECE, pieceLength: PIECE });
}

async function close(simulation: Simulation, ...relays: SimulatedRelay[]): Promise<void> {
  await simulation.clock.settle(Promise.all(relays.map(({ client }) => client.close())));
  await simulation.close();
}

function tab(simulation: Simulation, name: string, relays: readonly string[], has: "all" | "none" = "none") {
  return simulation.add(name, { has, dialable: false, latencyMs: 5, share: { relays } });
}

describe("what a tab wants from its relay", () => {
  it.each([20, 100])("is nothing, when it meets somebody who has it all, %d ms away", async (latencyMs) => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay");
    tab(simulation, "sharer", [relay.address], "all");
    const seeder = simulation.add("seeder", { has: "all", latencyMs });
    await simulation.clock.advance(5_000);
    const getter = tab(simulation, "getter", [relay.address]);
    getter.session.addEndpoints([seeder.address]);
    expect(await simulation.allComplete([getter], MINUTE)).toBe(true);
    expect(relay.cache.kept(simulation.infoHash)).toEqual([]);
    await close(simulation, relay);
  });

  it("is said as soon as whoever else it meets has nothing for it", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay");
    tab(simulation, "sharer", [relay.address], "all");
    const poor = simulation.add("poor", { latencyMs: 100 });
    await simulation.clock.advance(5_000);
    const getter = tab(simulation, "getter", [relay.address]);
    getter.session.addEndpoints([poor.address]);
    const hasSome = () => relay.cache.kept(simulation.infoHash).length > 0;
    // A dial of 200 ms, a handshake, and a tick of a second at most.
    expect(await simulation.clock.runUntil(hasSome, 1_500)).toBe(true);
    await close(simulation, relay);
  });
});

describe("a peer that nobody can dial", () => {
  it("keeps one link to the best relay, for hours, though nothing passes", async () => {
    const simulation = await create();
    const [one, other] = ["one", "other"].map((name) => addRelay(simulation, name)) as [SimulatedRelay, SimulatedRelay];
    const a = tab(simulation, "a", [one.address, other.address], "all");
    const b = tab(simulation, "b", [one.address, other.address], "all");
    await simulation.clock.advance(3 * 60 * MINUTE);
    for (const { session } of [a, b]) {
      expect(session.view.peers.map(({ label }) => label)).toEqual([one.address]);
      expect(session.view.relays.map(({ state }) => state)).toEqual(["connected", "untried"]);
    }
    expect(a.events.filter((event) => event.kind === "peer")).toHaveLength(1);
    await close(simulation, one, other);
  });

  it("goes to the next within seconds when one dies, and back when it is there again", async () => {
    const simulation = await create();
    const [one, other] = ["one", "other"].map((name) => addRelay(simulation, name)) as [SimulatedRelay, SimulatedRelay];
    const a = tab(simulation, "a", [one.address, other.address], "all");
    await simulation.clock.advance(MINUTE);
    one.host.crash(100);
    await simulation.clock.advance(3_000);
    expect(a.session.view.peers.map(({ label }) => label)).toEqual([other.address]);
    expect(a.session.view.relays[0]).toMatchObject({ address: one.address });
    expect(a.session.view.relays[0]?.state).not.toBe("connected");
    const b = tab(simulation, "b", [other.address]);
    expect(await simulation.allComplete([b], MINUTE)).toBe(true);
    one.host.restart();
    one.host.listen(one.address, (connection) => one.client.accept(connection));
    await simulation.clock.advance(12 * MINUTE);
    expect(a.session.view.peers.map(({ label }) => label)).toEqual([one.address]);
    await close(simulation, one, other);
  });

  it("goes to relays that trackers name, and passes one by that does not carry the share", async () => {
    const simulation = await create();
    const picky = addRelay(simulation, "picky", { relay: { admits: () => Promise.resolve(false) } });
    const relay = addRelay(simulation, "relay");
    const tracker = new MemoryTracker({ clock: simulation.clock, random: simulation.random });
    tracker.relays = [picky.address, relay.address];
    const [a, b] = (["all", "none"] as const).map((has) =>
      simulation.add(`tab-${has}`, { has, dialable: false, tracker: tracker.channel(has) }),
    );
    expect(await simulation.allComplete([b!], MINUTE)).toBe(true);
    expect(a!.session.view.relays).toMatchObject([
      { address: picky.address, state: "failed", answer: "no such share here" },
      { address: relay.address, state: "connected" },
    ]);
    expect(picky.client.carried()).toHaveLength(0);
    await close(simulation, picky, relay);
  });
});

describe("relays that know each other", () => {
  it("leave a share for good when nobody is there for it any more", async () => {
    const simulation = await create();
    const tracker = new MemoryTracker({ clock: simulation.clock, random: simulation.random });
    const relays = ["one", "other"].map((name) =>
      addRelay(simulation, name, { tracker: tracker.channel(name), relay: { lingerMs: 2 * MINUTE } }),
    );
    const [one, other] = relays.map(({ address }) => address);
    tracker.relays = [one!, other!];
    const sharer = tab(simulation, "sharer", [one!], "all");
    const getter = tab(simulation, "getter", [other!]);
    expect(await simulation.allComplete([getter], MINUTE)).toBe(true);
    // Not at the same time: each is left by the other in turn.
    await simulation.clock.settle(sharer.client.close());
    await simulation.clock.advance(MINUTE);
    await simulation.clock.settle(getter.client.close());
    const carried = () => relays.flatMap(({ client }) => client.carried());
    expect(carried()).not.toEqual([]);
    await simulation.clock.advance(10 * MINUTE);
    for (let minute = 0; minute < 10; minute++) {
      expect(carried()).toEqual([]);
      await simulation.clock.advance(MINUTE);
    }
    await close(simulation, ...relays);
  });
});

describe("a peer that can be dialled", () => {
  it("does without a relay as long as somebody offers what it wants", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay");
    const seed = simulation.add("seed", { has: "all", share: { relays: [relay.address] } });
    const peer = simulation.add("peer", { share: { relays: [relay.address] } });
    peer.session.addEndpoints([seed.address]);
    expect(await simulation.allComplete([peer], MINUTE)).toBe(true);
    await simulation.clock.advance(MINUTE);
    for (const { session } of [peer, seed]) expect(session.view.relays[0]?.state).toBe("untried");
    await close(simulation, relay);
  });

  it("goes to a relay for what nobody else offers", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay");
    tab(simulation, "a", [relay.address], "all");
    const peer = simulation.add("peer", { share: { relays: [relay.address] } });
    expect(await simulation.allComplete([peer], MINUTE)).toBe(true);
    await close(simulation, relay);
  });
});

describe("a relay's peer that is not ours", () => {
  const WANT = 6;

  async function relayAndRaw(onOpen: (link: RawLink) => void) {
    const simulation = await create();
    const relay = addRelay(simulation, "relay");
    const host = simulation.network.host("raw");
    const raw = new RawPeer(host, simulation.infoHash, { onOpen });
    const link = await simulation.clock.settle(raw.dial(relay.address));
    return { simulation, relay, link };
  }

  it("is closed for wants of the wrong length", async () => {
    const { simulation, relay, link } = await relayAndRaw((opened) => {
      opened.hello();
      opened.say(20, new Uint8Array([WANT, 1, 2, 3]));
    });
    await simulation.clock.advance(2_000);
    expect(link.closed?.code).toBe(1002);
    await close(simulation, relay);
  });

  it("is closed for wants again and again", async () => {
    const { simulation, relay, link } = await relayAndRaw((opened) => {
      opened.hello();
      for (let i = 0; i < 200; i++) opened.say(20, new Uint8Array([WANT, i, 0, 0, 0]));
    });
    await simulation.clock.advance(2_000);
    expect(link.closed?.code).toBe(1002);
    await close(simulation, relay);
  });

  it("makes the relay fetch next to nothing by wanting all and taking nothing", async () => {
    const { simulation, relay } = await relayAndRaw((opened) => {
      opened.hello();
      opened.say(15);
      opened.sayExtended(0, { m: new Map([["sh_want", WANT]]), block_max: 262_144 });
      opened.say(20, new Uint8Array([WANT, 255, 255, 255, 255]));
    });
    tab(simulation, "a", [relay.address], "all");
    await simulation.clock.advance(30_000);
    expect(relay.cache.kept(simulation.infoHash)).toHaveLength(2);
    await close(simulation, relay);
  });

  it("gets what it lacks when it is an ordinary client, little by little while it takes nothing", async () => {
    const { simulation, relay } = await relayAndRaw((opened) => {
      opened.hello({ extensions: false });
      opened.say(15);
    });
    tab(simulation, "a", [relay.address], "all");
    await simulation.clock.advance(30_000);
    expect(relay.cache.kept(simulation.infoHash)).toHaveLength(2);
    await close(simulation, relay);
  });
});
