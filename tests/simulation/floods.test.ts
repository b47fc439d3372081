import { describe, expect, it } from "vitest";
import { concatBytes } from "@shoal/peer-core";
import { extendedFrame, frame, ID, RawPeer, type RawBehaviour, type RawLink } from "../support/raw-peer.js";
import { Simulation, type SimulatedPeer } from "../support/simulated-swarm.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const PIECE = 64 * KIB;
const LENGTH = 2 * MIB;

/** "lt_donthave" of piece 0, under the id that we tell. */
const DONT_HAVE = frame(ID.extended, new Uint8Array([2]), 0);

interface Flood {
  readonly simulation: Simulation;
  readonly seed: SimulatedPeer;
  readonly leech: SimulatedPeer;
  readonly link: RawLink;
}

/** A villain has dialled a seed; an honest leech is about to. */
async function flood(onMessage: RawBehaviour["onMessage"], seedRate = 4 * MIB): Promise<Flood> {
  const simulation = await Simulation.create({ seed: 3, length: LENGTH, pieceLength: PIECE });
  const villain = new RawPeer(simulation.network.host("villain"), simulation.infoHash, {
    onOpen: (link) => {
      link.hello();
      link.raw(extendedFrame(0, { m: new Map([["ut_metadata", 5]]), reqq: 100_000 }));
    },
    onMessage,
  });
  const seed = simulation.add("seed", { has: "all", upBytesPerSecond: seedRate });
  const leech = simulation.add("leech");
  const link = await simulation.clock.settle(villain.dial(seed.address));
  await simulation.clock.advance(100);
  return { simulation, seed, leech, link };
}

/** The leech gets the share within `limitMs`, and everything ends. */
async function expectServed({ simulation, seed, leech }: Flood, limitMs: number): Promise<void> {
  leech.session.addEndpoints([seed.address]);
  expect(await simulation.allComplete([leech], limitMs)).toBe(true);
  expect(await simulation.holdsEverything(leech)).toBe(true);
  await simulation.close();
  expect(simulation.clock.pendingTimers).toBe(0);
}

function repeat(count: number, message: (index: number) => Uint8Array): Uint8Array {
  return concatBytes(Array.from({ length: count }, (_, index) => message(index)));
}

describe("a flood", () => {
  it("of requests is rejected beyond 2,000, and served no faster than the line takes it", async () => {
    const scene = await flood((link, { id }) => {
      if (id !== ID.unchoke) return;
      link.raw(
        repeat(20_000, (index) => frame(ID.request, index % 32, (index % 3) * 16 * KIB, 16 * KIB - (index >> 7))),
      );
    });
    scene.link.say(ID.interested);
    await scene.simulation.clock.advance(2_000);
    expect(scene.link.count(ID.reject)).toBeGreaterThan(17_000);
    expect(scene.link.count(ID.piece)).toBeGreaterThan(100);
    expect(scene.link.count(ID.piece)).toBeLessThanOrEqual((2 * 4 * MIB) / (16 * KIB));
    expect(scene.link.closed).toBeUndefined();
    await expectServed(scene, 10_000);
  });

  it("of requests while it is choked is rejected, every one", async () => {
    const scene = await flood(undefined);
    scene.link.raw(repeat(5_000, () => frame(ID.request, 0, 0, 16 * KIB)));
    await scene.simulation.clock.advance(5_000);
    expect([scene.link.count(ID.reject), scene.link.count(ID.piece)]).toEqual([5_000, 0]);
    await expectServed(scene, 10_000);
  });

  it("of requests for blocks beyond what we serve is rejected", async () => {
    const scene = await flood(undefined);
    scene.link.say(ID.interested);
    await scene.simulation.clock.advance(100);
    expect(scene.link.count(ID.unchoke)).toBe(1);
    scene.link.raw(frame(ID.request, 0, 0, PIECE));
    await scene.simulation.clock.advance(1_000);
    expect(scene.link.count(ID.piece)).toBe(1);
    await expectServed(scene, 10_000);
  });

  it("of 10,000 metadata requests at once is answered up to 1 MiB, and refused beyond", async () => {
    const scene = await flood(undefined);
    scene.link.raw(repeat(10_000, () => extendedFrame(1, { msg_type: 0, piece: 0 })));
    await scene.simulation.clock.advance(5_000);
    const answers = scene.link.messages.filter(({ id, body }) => id === ID.extended && body[0] === 5);
    expect(answers).toHaveLength(10_000);
    const data = answers.filter(({ body }) => body.length > 500);
    expect(data.length).toBeGreaterThan(0);
    expect(data.reduce((sum, { body }) => sum + body.length, 0)).toBeLessThanOrEqual(MIB + 32 * KIB);
    await expectServed(scene, 10_000);
  });

  it("of haves changes nothing", async () => {
    const scene = await flood(undefined);
    scene.link.raw(repeat(50_000, (index) => frame(ID.have, index % 31)));
    await scene.simulation.clock.advance(1_000);
    expect(scene.link.closed).toBeUndefined();
    await expectServed(scene, 10_000);
  });

  it.each<[string, (index: number) => Uint8Array]>([
    ["interest come and gone", (index) => frame(index % 2 === 0 ? ID.interested : ID.notInterested)],
    ["pieces gained and lost", (index) => (index % 2 === 0 ? frame(ID.have, 0) : DONT_HAVE)],
    ["all pieces gained and lost", (index) => frame(index % 2 === 0 ? ID.haveAll : ID.haveNone)],
  ])("of %s ends the link: it costs us more than it costs who says it", async (_, message) => {
    const scene = await flood(undefined);
    scene.link.raw(repeat(20_000, message));
    await scene.simulation.clock.advance(1_000);
    expect(scene.link.closed).toMatchObject({ code: 1002 });
    await expectServed(scene, 10_000);
  });

  it("of second thoughts that a second can hold is put up with", async () => {
    const scene = await flood(undefined);
    for (let second = 0; second < 10; second++) {
      scene.link.raw(repeat(500, (index) => frame(index % 2 === 0 ? ID.interested : ID.notInterested)));
      await scene.simulation.clock.advance(1_000);
    }
    expect(scene.link.closed).toBeUndefined();
    await expectServed(scene, 10_000);
  });

  it("of blocks nobody asked for ends the link with the first", async () => {
    const scene = await flood(undefined);
    scene.link.raw(repeat(100, () => frame(ID.piece, 0, 0, new Uint8Array(16 * KIB))));
    await scene.simulation.clock.advance(100);
    expect(scene.link.closed).toMatchObject({ code: 1002 });
    await expectServed(scene, 10_000);
  });

  it("of links from one peer leaves one", async () => {
    const scene = await flood(undefined);
    const { simulation, seed } = scene;
    const villain = new RawPeer(simulation.network.host("many"), simulation.infoHash, {
      onOpen: (link) => link.hello(),
    });
    const links = await simulation.clock.settle(
      Promise.all(Array.from({ length: 50 }, () => villain.dial(seed.address))),
    );
    await simulation.clock.advance(1_000);
    expect(links.filter(({ closed }) => closed === undefined)).toHaveLength(1);
    expect(new Set(villain.closeCodes)).toEqual(new Set([4002]));
    expect(seed.session.view.peers).toHaveLength(2);
    await expectServed(scene, 10_000);
  });

  it("of links that never shake hands is capped, and gone after five seconds", async () => {
    const scene = await flood(undefined);
    const { simulation, seed } = scene;
    const villain = new RawPeer(simulation.network.host("mute"), simulation.infoHash, { onOpen: () => undefined });
    await simulation.clock.settle(Promise.all(Array.from({ length: 100 }, () => villain.dial(seed.address))));
    await simulation.clock.advance(1_000);
    expect(villain.closeCodes).toEqual(Array.from({ length: 36 }, () => 4003));
    await simulation.clock.advance(5_000);
    expect(villain.closeCodes.filter((code) => code === 1002)).toHaveLength(64);
    await expectServed(scene, 10_000);
  });
});
