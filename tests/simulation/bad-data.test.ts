import { describe, expect, it } from "vitest";
import { toHex } from "@shoal/peer-core";
import { ID, RawPeer, servesContent } from "../support/raw-peer.js";
import { Simulation, type SimulatedPeer } from "../support/simulated-swarm.js";

const KIB = 1024;
const PIECE = 128 * KIB;
const LENGTH = 32 * PIECE;

function bannedBy(peer: SimulatedPeer): string[] {
  return peer.events.flatMap((event) => (event.kind === "peer" && event.change === "banned" ? [event.peerId] : []));
}

async function create(seed: number): Promise<Simulation> {
  return Simulation.create({ seed, length: LENGTH, pieceLength: PIECE });
}

describe("a peer that sends wrong bytes", () => {
  it("is told so, struck and banned when it is alone, and the share comes from another", async () => {
    const simulation = await create(1);
    const villain = new RawPeer(
      simulation.network.host("villain"),
      simulation.infoHash,
      servesContent(simulation.content, PIECE, () => true),
    );
    const leech = simulation.add("leech", { latencyMs: 10 });
    leech.session.addEndpoints([villain.address]);
    expect(await simulation.clock.runUntil(() => bannedBy(leech).length > 0, 120_000)).toBe(true);
    expect(bannedBy(leech)).toEqual([toHex(villain.id)]);
    await simulation.clock.advance(1_000);
    expect(new Set(villain.closeCodes)).toEqual(new Set([4004]));
    expect(villain.links[0]?.closed?.message).toMatch(/^piece \d+$/);
    await expectHelp(simulation, leech);
  });

  it("is refused while it is banned, for 30 s as the only route and no longer", async () => {
    const simulation = await create(2);
    const villain = new RawPeer(
      simulation.network.host("villain"),
      simulation.infoHash,
      servesContent(simulation.content, PIECE, () => true),
    );
    const leech = simulation.add("leech");
    leech.session.addEndpoints([villain.address]);
    await simulation.clock.runUntil(() => bannedBy(leech).length > 0, 120_000);
    const links = villain.links.length;
    const intruder = await simulation.clock.settle(villain.dial(leech.address));
    await simulation.clock.advance(1_000);
    expect(intruder.closed).toMatchObject({ code: 4004, message: "banned for bad data" });
    await simulation.clock.advance(28_000);
    expect(villain.links.length).toBe(links + 1);
    await simulation.clock.advance(5_000);
    expect(villain.links.length).toBeGreaterThan(links + 1);
    await simulation.close();
  });

  it.each([11, 12, 13])("is found out among honest ones, who are not blamed (seed %d)", async (seed) => {
    const simulation = await create(seed);
    const { random } = simulation;
    const villain = new RawPeer(
      simulation.network.host("villain", { upBytesPerSecond: 300 * KIB, latencyMs: 20 }),
      simulation.infoHash,
      servesContent(simulation.content, PIECE, () => random.int(3) === 0),
    );
    for (const name of ["honest1", "honest2"]) {
      simulation.add(name, { has: "all", upBytesPerSecond: 100 * KIB, latencyMs: 20 });
    }
    const leech = simulation.add("leech", { latencyMs: 20 });
    simulation.introduceAll();
    leech.session.addEndpoints([villain.address]);
    expect(await simulation.allComplete([leech], 10 * 60_000)).toBe(true);
    expect(await simulation.holdsEverything(leech)).toBe(true);
    expect(bannedBy(leech)).toEqual([toHex(villain.id)]);
    expect(villain.closeCodes.slice(0, 2)).toEqual([4004, 4004]);
    const blamed = leech.events.filter(
      (event) => event.kind === "peer" && event.change === "closed" && event.reason?.startsWith("piece ") === true,
    );
    expect(blamed.map((event) => event.kind === "peer" && event.peerId)).toEqual([
      toHex(villain.id),
      toHex(villain.id),
    ]);
    await simulation.close();
    expect(simulation.clock.pendingTimers).toBe(0);
  });
});

describe("peers behind the address of two that were banned", () => {
  it("are not shut out, asked for nothing while others offer it, and asked when nobody else does", async () => {
    const simulation = await create(21);
    const behindOffice = (name: string, spoils: boolean) =>
      new RawPeer(
        simulation.network.host(name, { ipAddress: "192.0.2.7" }),
        simulation.infoHash,
        servesContent(simulation.content, PIECE, () => spoils),
      );
    const elsewhere = simulation.add("elsewhere", { has: "all", upBytesPerSecond: 50 * KIB });
    const leech = simulation.add("leech");
    leech.session.addEndpoints([elsewhere.address]);
    await simulation.clock.runUntil(() => leech.session.view.doneBytes > 0, 120_000);
    for (const name of ["liar1", "liar2"]) await simulation.clock.settle(behindOffice(name, true).dial(leech.address));
    expect(await simulation.clock.runUntil(() => bannedBy(leech).length === 2, 120_000)).toBe(true);

    const honest = await simulation.clock.settle(behindOffice("honest", false).dial(leech.address));
    await simulation.clock.advance(20_000);
    expect(honest.closed).toBeUndefined();
    const isAsked = () => honest.count(ID.request) > 0;
    expect(isAsked()).toBe(false);
    expect(leech.session.view.state).toBe("downloading");
    await simulation.clock.settle(elsewhere.client.close());
    expect(await simulation.allComplete([leech], 120_000)).toBe(true);
    expect([isAsked(), await simulation.holdsEverything(leech)]).toEqual([true, true]);
    await simulation.close();
  });
});

describe("a seed with a rotten piece on its disk", () => {
  it("looks when it is told, drops the piece, says so, and gets it back from those who have it", async () => {
    const simulation = await create(3);
    const rotten = simulation.add("rotten", { has: "all", rottenPiece: 5, upBytesPerSecond: 1024 * KIB });
    const leech = simulation.add("leech");
    leech.session.addEndpoints([rotten.address]);
    const lacksOne = () => leech.session.view.verifiedPieces === LENGTH / PIECE - 1;
    expect(await simulation.clock.runUntil(lacksOne, 120_000)).toBe(true);
    await simulation.clock.advance(60_000);
    expect(rotten.events).toContainEqual(expect.objectContaining({ kind: "warning", code: "bad-piece" }));
    expect(rotten.session.view).toMatchObject({ state: "downloading", verifiedPieces: LENGTH / PIECE - 1 });
    expect(leech.session.view.verifiedPieces).toBe(LENGTH / PIECE - 1);
    expect(bannedBy(leech)).toEqual([]);
    await expectHelp(simulation, leech, rotten);
  });

  it("leaves its files as they are and serves the rest, where they are its user's", async () => {
    const simulation = await create(5);
    const rotten = simulation.add("rotten", { has: "all", rottenPiece: 5, isReadOnly: true });
    const leech = simulation.add("leech");
    leech.session.addEndpoints([rotten.address]);
    const lacksOne = () => leech.session.view.verifiedPieces === LENGTH / PIECE - 1;
    expect(await simulation.clock.runUntil(lacksOne, 120_000)).toBe(true);
    await simulation.clock.advance(60_000);
    const asBefore = { state: "seeding", verifiedPieces: LENGTH / PIECE - 1 };
    expect(rotten.session.view).toMatchObject(asBefore);
    const honest = simulation.add("honest", { has: "all" });
    for (const peer of [leech, rotten]) peer.session.addEndpoints([honest.address]);
    expect(await simulation.allComplete([leech], 120_000)).toBe(true);
    await simulation.clock.advance(60_000);
    expect(rotten.session.view).toMatchObject(asBefore);

    // It is still of use.
    await simulation.clock.settle(Promise.all([honest, leech].map(({ client }) => client.close())));
    const other = simulation.add("other");
    other.session.addEndpoints([rotten.address]);
    const gotRest = () => other.session.view.verifiedPieces === LENGTH / PIECE - 1;
    expect(await simulation.clock.runUntil(gotRest, 120_000)).toBe(true);
    await simulation.close();
  });

  it("hashes again only what it really holds, and once a minute at most", async () => {
    const simulation = await create(4);
    const seed = simulation.add("seed", { has: "all" });
    const complainer = new RawPeer(simulation.network.host("complainer"), simulation.infoHash, {
      onOpen: (link) => {
        link.hello();
        link.say(ID.interested);
      },
      onMessage: (link, { id }) => {
        if (id === ID.unchoke) link.say(ID.request, 4, 0, 16 * KIB);
        if (id === ID.piece) link.close(4004, "piece 3");
      },
    });
    for (let turn = 0; turn < 20; turn++) {
      await simulation.clock.settle(complainer.dial(seed.address));
      await simulation.clock.advance(100);
    }
    expect(seed.reads.filter((piece) => piece === 4)).toHaveLength(20);
    expect(seed.reads.filter((piece) => piece === 3)).toHaveLength(1);
    expect(seed.session.view).toMatchObject({ state: "seeding", verifiedPieces: LENGTH / PIECE });
    await simulation.close();
  });
});

/** Somebody honest comes: all of `peers` complete. */
async function expectHelp(simulation: Simulation, ...peers: readonly SimulatedPeer[]): Promise<void> {
  const honest = simulation.add("honest", { has: "all" });
  for (const peer of peers) peer.session.addEndpoints([honest.address]);
  expect(await simulation.allComplete(peers, 120_000)).toBe(true);
  for (const peer of peers) expect(await simulation.holdsEverything(peer)).toBe(true);
  await simulation.close();
  expect(simulation.clock.pendingTimers).toBe(0);
}
