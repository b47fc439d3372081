import { describe, expect, it } from "vitest";
import { utf8Encode, type BencodeInput } from "@shoal/peer-core";
import { extendedFrame, frame, ID, RawPeer, type RawBehaviour, type RawLink } from "../support/raw-peer.js";
import { Simulation, type SimulatedPeer } from "../support/simulated-swarm.js";

const KIB = 1024;
const PIECE = 64 * KIB;
const LENGTH = 16 * PIECE;

interface Attack {
  readonly simulation: Simulation;
  readonly seed: SimulatedPeer;
  readonly leech: SimulatedPeer;
  readonly villain: RawPeer;
}

/** A seed, a leech, and a villain that both know and that dials both. */
async function attack(behaviour: RawBehaviour, knowsMetainfo = true): Promise<Attack> {
  const simulation = await Simulation.create({ seed: 7, length: LENGTH, pieceLength: PIECE });
  const villain = new RawPeer(simulation.network.host("villain"), simulation.infoHash, behaviour);
  const seed = simulation.add("seed", { has: "all", latencyMs: 20 });
  const leech = simulation.add("leech", { knowsMetainfo, latencyMs: 20, downBytesPerSecond: 256 * KIB });
  for (const peer of [seed, leech]) peer.session.addEndpoints([villain.address]);
  await simulation.clock.settle(Promise.all([villain.dial(seed.address), villain.dial(leech.address)]));
  await simulation.clock.advance(1_000);
  leech.session.addEndpoints([seed.address]);
  return { simulation, seed, leech, villain };
}

/** The share still goes from the seed to the leech, and everything ends. */
async function expectUnharmed({ simulation, leech }: Attack): Promise<void> {
  expect(await simulation.allComplete([leech], 120_000)).toBe(true);
  expect(await simulation.holdsEverything(leech)).toBe(true);
  await simulation.close();
  expect(simulation.clock.pendingTimers).toBe(0);
  expect(simulation.peers.map(({ session }) => session.view.peers.length)).toEqual([0, 0]);
}

/** Shakes hands and says one thing. */
function afterHello(say: (link: RawLink) => void): RawBehaviour {
  return {
    onOpen: (link) => {
      link.hello();
      say(link);
    },
  };
}

describe("a peer that breaks the rules is sent away with 1002, and harms nobody", () => {
  const huge = new Uint8Array([0xff, 0xff, 0xff, 0xff, ID.bitfield]);
  it.each<[string, RawBehaviour]>([
    ["garbage instead of a handshake", { onOpen: (link) => link.raw(utf8Encode("\x13BitTorrent protocoX")) }],
    ["a request for a web page", { onOpen: (link) => link.raw(utf8Encode("GET / HTTP/1.1\r\n\r\n")) }],
    ["a huge length prefix", afterHello((link) => link.raw(huge))],
    ["a second handshake", afterHello((link) => link.hello())],
    ["a have that is too long", afterHello((link) => link.say(ID.have, 0, 0))],
    ["a have past the end", afterHello((link) => link.say(ID.have, LENGTH / PIECE))],
    ["a bitfield that is too short", afterHello((link) => link.say(ID.bitfield, new Uint8Array(1)))],
    ["a bitfield that is too long", afterHello((link) => link.say(ID.bitfield, new Uint8Array(3)))],
    ["a block that was never asked for", afterHello((link) => link.say(ID.piece, 0, 0, new Uint8Array(1)))],
    ["a request past the end", afterHello((link) => link.say(ID.request, 0, PIECE, 1))],
    ["a request for nothing", afterHello((link) => link.say(ID.request, 0, 0, 0))],
    ["a request for four gigabytes", afterHello((link) => link.say(ID.request, 0, 0, 0xffff_ffff))],
    ["a handshake of extensions that is none", afterHello((link) => link.say(ID.extended, new Uint8Array([0, 1, 2])))],
    ["a metadata message that is none", afterHello((link) => link.say(ID.extended, new Uint8Array([1, 1, 2])))],
    ["a donthave of three bytes", afterHello((link) => link.say(ID.extended, new Uint8Array([2, 1, 2, 3])))],
  ])("%s", async (_, behaviour) => {
    const scene = await attack(behaviour);
    expect(new Set(scene.villain.closeCodes)).toEqual(new Set([1002]));
    expect(scene.villain.closeCodes.length).toBeGreaterThanOrEqual(2);
    await expectUnharmed(scene);
  });

  it("a handshake that never ends", async () => {
    const scene = await attack({ onOpen: (link) => link.raw(new Uint8Array([19])) });
    await scene.simulation.clock.advance(5_000);
    expect(new Set(scene.villain.closeCodes)).toEqual(new Set([1002]));
    await expectUnharmed(scene);
  });

  it.each([
    ["that is too long", new Uint8Array(3)],
    ["with spare bits set", new Uint8Array([0xff, 0xff, 0xff])],
  ])("a bitfield %s, said before the metadata is known", async (_, bytes) => {
    const scene = await attack(
      afterHello((link) => link.say(ID.bitfield, bytes)),
      false,
    );
    await expectUnharmed(scene);
    // Two links to the seed were one too many.
    expect(scene.villain.closeCodes.filter((code) => code !== 4002)).toContain(1002);
  });
});

describe("a peer that is merely strange is put up with", () => {
  const oddities: Readonly<Record<string, BencodeInput>> = {
    v: 3,
    p: -1,
    reqq: 0,
    metadata_size: -5,
    endpoint: "\u0000",
  };
  it.each<[string, RawBehaviour]>([
    ["unknown messages", afterHello((link) => link.raw(frame(99, new Uint8Array(1_000)), frame(200)))],
    ["unknown extensions", afterHello((link) => link.raw(extendedFrame(77, {})))],
    ["fields of every wrong type", afterHello((link) => link.raw(extendedFrame(0, { ...oddities, m: "no" })))],
    [
      "cancels and rejects of what was never asked",
      afterHello((link) => link.raw(frame(ID.cancel, 0, 0, 1), frame(ID.reject, 0, 0, 1))),
    ],
    ["keep-alives and nothing else", afterHello((link) => link.raw(new Uint8Array(400)))],
  ])("%s", async (_, behaviour) => {
    const scene = await attack(behaviour);
    expect(scene.villain.links.some(({ closed }) => closed === undefined)).toBe(true);
    expect(scene.villain.closeCodes.filter((code) => code === 1002)).toEqual([]);
    await expectUnharmed(scene);
  });
});
