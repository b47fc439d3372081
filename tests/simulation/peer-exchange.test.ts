import { describe, expect, it } from "vitest";
import { decodeBencode, dictOf, encodeBencode, parseInfo, type BencodeInput, type Metainfo } from "@shoal/peer-core";
import { createMicrotaskHasher } from "@shoal/peer-core/testing";
import { ID, RawPeer, type RawLink } from "../support/raw-peer.js";
import { Simulation, type SimulatedPeer } from "../support/simulated-swarm.js";

const KIB = 1024;
const PIECE = 64 * KIB;
/** Under which id the raw peer takes our messages. */
const THEIR_PEX = 77;
/** Under which id we take theirs. */
const OUR_PEX = 3;

function simulationOf(length = 4 * 1024 * KIB): Promise<Simulation> {
  return Simulation.create({ seed: 5, length, pieceLength: PIECE });
}

/** A peer of other software, which has dialled `to` and told of its extensions. */
async function stranger(
  simulation: Simulation,
  to: SimulatedPeer,
  told: { readonly ipAddress?: string; readonly fields?: Readonly<Record<string, BencodeInput>> } = {},
  infoHash = simulation.infoHash,
): Promise<RawLink> {
  const host = simulation.network.host(`stranger${simulation.random.int(1_000_000)}`, { ipAddress: told.ipAddress });
  const peer = new RawPeer(host, infoHash, {
    onOpen: (link) => {
      link.hello();
      link.say(ID.haveNone);
      link.sayExtended(0, { m: new Map([["ut_pex", THEIR_PEX]]), ...told.fields });
    },
  });
  const link = await simulation.clock.settle(peer.dial(to.address));
  await simulation.clock.advance(100);
  return link;
}

/** The exchange messages that a link has brought, as text. */
function pexMessages(link: RawLink): Map<string, unknown>[] {
  return link.messages
    .filter(({ id, body }) => id === ID.extended && body[0] === THEIR_PEX)
    .map(({ body }) => decodeBencode(body.subarray(1)) as Map<string, unknown>);
}

function compact(ip: string, port: number): Uint8Array {
  return Uint8Array.from([...ip.split(".").map(Number), port >> 8, port & 255]);
}

function textsOf(value: unknown): string[] {
  return (value as Uint8Array[]).map((bytes) => new TextDecoder().decode(bytes));
}

function peersOf(events: SimulatedPeer["events"]): string[] {
  return events.filter((event) => event.kind === "peer").map(({ label }) => label);
}

async function end(simulation: Simulation): Promise<void> {
  await simulation.close();
  expect(simulation.clock.pendingTimers).toBe(0);
}

describe("peers of ours that know one of the swarm", () => {
  it("find all the others through it, and have one link to each", async () => {
    const simulation = await simulationOf();
    const seed = simulation.add("seed", { has: "all", listenPort: 7_000, upBytesPerSecond: 200 * KIB });
    const leeches = ["a", "b", "c"].map((name) => simulation.add(name, { listenPort: 7_000 }));
    for (const leech of leeches) leech.session.addEndpoints([seed.address]);
    const isMesh = () => simulation.peers.every((peer) => peer.session.view.peers.length === 3);
    expect(await simulation.clock.runUntil(isMesh, 15_000)).toBe(true);
    await simulation.clock.advance(5_000);
    expect(isMesh()).toBe(true);
    const links = leeches.flatMap(({ events }) => events).filter((event) => event.kind === "peer");
    expect(links.filter(({ reason }) => reason === "already connected")).toEqual([]);
    expect(await simulation.allComplete(leeches, 120_000)).toBe(true);
    await end(simulation);
  });

  it("find the share although they cannot be dialled themselves, through one that has no piece", async () => {
    const simulation = await simulationOf();
    const meeting = simulation.add("meeting", { listenPort: 7_000 });
    const seed = simulation.add("seed", { has: "all", listenPort: 7_001, upBytesPerSecond: 200 * KIB });
    const leech = simulation.add("leech", { dialable: false });
    seed.session.addEndpoints([meeting.address]);
    leech.session.addEndpoints([meeting.address]);
    expect(await simulation.clock.runUntil(() => leech.session.view.peers.length === 2, 10_000)).toBe(true);
    await end(simulation);
  });
});

describe("a peer of other software", () => {
  it("is told of TCP addresses soon, of changes once a minute, and of nothing that it cannot read", async () => {
    const simulation = await simulationOf();
    const hub = simulation.add("hub", { listenPort: 7_000 });
    const first = simulation.add("first", { listenPort: 7_001 });
    first.session.addEndpoints([hub.address]);
    await simulation.clock.advance(1_000);
    const link = await stranger(simulation, hub);
    await simulation.clock.advance(2_000);
    const [opening] = pexMessages(link);
    expect(opening?.get("added")).toEqual(compact(first.host.ipAddress, 7_001));
    expect([opening?.has("added_ws"), opening?.get("dropped")]).toEqual([false, new Uint8Array(0)]);

    simulation.add("second", { listenPort: 7_002 }).session.addEndpoints([hub.address]);
    await simulation.clock.settle(first.client.close());
    await simulation.clock.advance(50_000);
    expect(pexMessages(link)).toHaveLength(1);
    await simulation.clock.advance(15_000);
    const [, news, another] = pexMessages(link);
    expect(news?.get("added")).toEqual(compact("10.0.0.4", 7_002));
    expect(news?.get("dropped")).toEqual(compact(first.host.ipAddress, 7_001));
    expect(another).toBeUndefined();
    await end(simulation);
  });

  it("is told who was dialled and who wants nothing; one of our kind gets URLs as well", async () => {
    const simulation = await simulationOf();
    const hub = simulation.add("hub", { listenPort: 7_000 });
    const seed = simulation.add("seed", { has: "all", listenPort: 7_001, upBytesPerSecond: 20 * KIB });
    hub.session.addEndpoints([`ws://${seed.host.ipAddress}:7001/peer`]);
    await simulation.clock.advance(1_000);
    const link = await stranger(simulation, hub, { fields: { block_max: 65_536 } });
    await simulation.clock.advance(2_000);
    const [message] = pexMessages(link);
    expect(message?.get("added.f")).toEqual(Uint8Array.of(0x12));
    expect(textsOf(message?.get("added_ws"))).toEqual([`ws://${seed.host.ipAddress}:7001/peer`]);
    await end(simulation);
  });

  it("hears of private addresses only when it has one itself", async () => {
    const simulation = await simulationOf();
    const hub = simulation.add("hub", { listenPort: 7_000 });
    const inside = simulation.add("inside", { listenPort: 7_001 });
    inside.session.addEndpoints([hub.address]);
    await simulation.clock.advance(1_000);
    const outside = await stranger(simulation, hub, { ipAddress: "203.0.113.9", fields: { p: 6_881 } });
    await simulation.clock.advance(10_000);
    expect(pexMessages(outside)).toEqual([]);
    const neighbour = await stranger(simulation, hub);
    await simulation.clock.advance(10_000);
    const added = [...compact(inside.host.ipAddress, 7_001), ...compact("203.0.113.9", 6_881)];
    expect(pexMessages(neighbour)[0]?.get("added")).toEqual(Uint8Array.from(added));
    await end(simulation);
  });
});

describe("what a peer tells of others", () => {
  /** How many addresses a peer comes to know from what a stranger at `ipAddress` tells it. */
  async function learned(ipAddress: string, messages: readonly Readonly<Record<string, BencodeInput>>[]) {
    const simulation = await simulationOf();
    const hub = simulation.add("hub", { listenPort: 7_000 });
    const link = await stranger(simulation, hub, { ipAddress });
    const known: number[] = [];
    for (const message of messages) {
      link.sayExtended(OUR_PEX, message);
      await simulation.clock.advance(100);
      const { candidates } = hub.session.view;
      known.push(candidates);
    }
    expect(link.closed).toBeUndefined();
    await end(simulation);
    return known;
  }

  function many(count: number, network: number): { added: Uint8Array } {
    const entries = Array.from({ length: count }, (_, index) => [...compact(`198.51.${network}.${index}`, 6_881)]);
    return { added: Uint8Array.from(entries.flat()) };
  }

  it("is believed for 50 a minute, and passed over beyond", async () => {
    expect(await learned("203.0.113.9", [many(20, 1), many(200, 2), many(10, 3)])).toEqual([20, 50, 50]);
  });

  it.each<[string, string, Readonly<Record<string, BencodeInput>>, number]>([
    ["a private address", "203.0.113.9", { added: compact("192.168.1.1", 80) }, 0],
    ["a private address", "192.168.1.7", { added: compact("192.168.1.1", 80) }, 1],
    ["our own machine", "192.168.1.7", { added: compact("127.0.0.1", 80) }, 0],
    ["our own machine", "127.0.0.1", { added: compact("127.0.0.1", 80) }, 1],
    ["our own machine in a URL", "203.0.113.9", { added_ws: ["ws://localhost:80/peer"] }, 0],
    [
      "our own machine in disguise",
      "203.0.113.9",
      { added_ws: ["ws://0x7f.1:80/peer", "ws://[::ffff:7f00:1]:80/peer"] },
      0,
    ],
    ["another URL", "203.0.113.9", { added_ws: ["ws://192.0.2.1:80/peer"] }, 1],
    ["no peer", "203.0.113.9", { added: "", dropped: 7 }, 0],
  ])("of %s, by a peer at %s: %j", async (_, teller, message, count) => {
    expect(await learned(teller, [message])).toEqual([count]);
  });
});

describe("a private share", () => {
  async function privateOf({ metainfo }: Simulation): Promise<Metainfo> {
    const info = new Map(dictOf(decodeBencode(metainfo.infoBytes)));
    return parseInfo(encodeBencode(info.set("private", 1)), createMicrotaskHasher());
  }

  it.each(["from the start", "when the metadata has come"])("exchanges nothing, which is known %s", async (when) => {
    const simulation = await simulationOf(KIB * KIB);
    const metainfo = await simulation.clock.settle(privateOf(simulation));
    const seed = simulation.add("seed", { has: "all", listenPort: 7_000, share: { source: metainfo } });
    const source = when === "from the start" ? metainfo : metainfo.infoHash;
    const leeches = ["a", "b"].map((name) =>
      simulation.add(name, { listenPort: 7_000, upBytesPerSecond: 10 * KIB, share: { source } }),
    );
    for (const leech of leeches) leech.session.addEndpoints([seed.address]);
    const link = await stranger(simulation, seed, {}, metainfo.infoHash);
    link.sayExtended(OUR_PEX, { added: compact("192.0.2.1", 80) });
    expect(await simulation.allComplete(leeches, 60_000)).toBe(true);
    await simulation.clock.advance(70_000);
    expect(pexMessages(link)).toEqual([]);
    expect(seed.session.view.candidates).toBe(0);
    for (const { events } of leeches) expect(new Set(peersOf(events))).toEqual(new Set([seed.address]));
    await end(simulation);
  });
});
