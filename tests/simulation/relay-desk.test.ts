import { infoHashFromBytes } from "@shoal/peer-core";
import { createMemoryPieceStore } from "@shoal/peer-core/platform";
import { describe, expect, it } from "vitest";
import { RawPeer } from "../support/raw-peer.js";
import { addRelay, type SimulatedRelay } from "../support/simulated-relay.js";
import { Simulation } from "../support/simulated-swarm.js";

const PIECE = 64 * 1024;
const MINUTE = 60_000;

function create(): Promise<Simulation> {
  return Simulation.create({ seed: 3, length: 32 * PIECE, pieceLength: PIECE });
}

function tab(simulation: Simulation, name: string, relay: SimulatedRelay, has: "all" | "none" = "none") {
  return simulation.add(name, { has, dialable: false, share: { relays: [relay.address] } });
}

async function close(simulation: Simulation, relay: SimulatedRelay): Promise<void> {
  await simulation.clock.settle(relay.client.close());
  await simulation.close();
  expect(simulation.clock.pendingTimers).toBe(0);
}

describe("a client that is a relay", () => {
  it("has a share of its own as anybody has, also one that it carried before", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay");
    const a = tab(simulation, "a", relay, "all");
    await simulation.clock.advance(5_000);
    expect(relay.client.carried()).toHaveLength(1);
    const { pieceCount } = simulation.metainfo.geometry;
    const own = relay.client.add({
      source: simulation.metainfo,
      openStore: () => Promise.resolve(createMemoryPieceStore({ pieceCount })),
      trackers: [],
    });
    expect(await simulation.clock.runUntil(() => own.view.state === "seeding", 2 * MINUTE)).toBe(true);
    expect([relay.client.carried(), relay.client.sessions()]).toEqual([[], [own]]);
    expect(a.session.view.peers.map(({ isRelay }) => isRelay)).toEqual([false]);
    await close(simulation, relay);
  });

  it("takes so many links from one address, and more from others", async () => {
    const simulation = await create();
    const relay = addRelay(simulation, "relay", { relay: { linksPerAddress: 2 } });
    const neighbours = ["n1", "n2", "n3"].map((name) =>
      simulation.add(name, { ipAddress: "192.0.2.7", dialable: false, share: { relays: [relay.address] } }),
    );
    const other = tab(simulation, "other", relay, "all");
    await simulation.clock.advance(3_000);
    const connected = neighbours.filter(({ session }) => session.view.peers.length === 1);
    expect([connected.length, other.session.view.peers.length]).toEqual([2, 1]);
    await close(simulation, relay);
  });

  it("decides about a bounded number of shares at once, and carries none that it does not admit", async () => {
    const simulation = await create();
    let decide: (admits: boolean) => void = () => undefined;
    const decision = new Promise<boolean>((resolve) => (decide = resolve));
    const relay = addRelay(simulation, "relay", { relay: { admits: () => decision } });
    const links = [];
    for (let i = 0; i < 80; i++) {
      const infoHash = infoHashFromBytes(new Uint8Array(20).fill(i + 1));
      const raw = new RawPeer(simulation.network.host(`raw${i}`), infoHash, { onOpen: (link) => link.hello() });
      links.push(await simulation.clock.settle(raw.dial(relay.address)));
    }
    await simulation.clock.advance(1_000);
    expect(relay.client.carried()).toHaveLength(64);
    expect(links.filter(({ closed }) => closed !== undefined)).toHaveLength(16);
    decide(false);
    await simulation.clock.advance(1_000);
    expect(relay.client.carried()).toHaveLength(0);
    expect(new Set(links.map(({ closed }) => closed?.code))).toEqual(new Set([4000]));
    await close(simulation, relay);
  });
});
