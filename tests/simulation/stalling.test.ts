import { describe, expect, it } from "vitest";
import { fieldAt, frame, ID, RawPeer, type RawBehaviour, type RawLink } from "../support/raw-peer.js";
import { Simulation, type SimulatedPeer } from "../support/simulated-swarm.js";

const KIB = 1024;
const PIECE = 128 * KIB;
const LENGTH = 16 * PIECE;

/** Claims everything and unchokes; what it does with requests is up to the test. */
function claimsEverything(onRequest: (link: RawLink, body: Uint8Array) => void): RawBehaviour {
  return {
    onOpen: (link) => {
      link.hello();
      link.say(ID.haveAll);
      link.say(ID.unchoke);
    },
    onMessage: (link, { id, body }) => {
      if (id === ID.request) onRequest(link, body);
    },
  };
}

async function create(): Promise<Simulation> {
  return Simulation.create({ seed: 5, length: LENGTH, pieceLength: PIECE });
}

/** A leech that knows a villain first, then also a seed of 512 KiB/s. */
async function leechBetween(simulation: Simulation, villain: RawPeer): Promise<SimulatedPeer> {
  const seed = simulation.add("seed", { has: "all", upBytesPerSecond: 512 * KIB, latencyMs: 10 });
  const leech = simulation.add("leech", { latencyMs: 10 });
  leech.session.addEndpoints([villain.address]);
  await simulation.clock.advance(500);
  leech.session.addEndpoints([seed.address]);
  return leech;
}

async function expectCompleteWithin(simulation: Simulation, leech: SimulatedPeer, limitMs: number): Promise<void> {
  expect(await simulation.allComplete([leech], limitMs)).toBe(true);
  expect(await simulation.holdsEverything(leech)).toBe(true);
  await simulation.close();
  expect(simulation.clock.pendingTimers).toBe(0);
}

describe("a peer that does not deliver costs a few seconds and no more", () => {
  it.each<[string, (simulation: Simulation) => RawBehaviour]>([
    ["when it never answers", () => claimsEverything(() => undefined)],
    [
      "when it answers one byte a second",
      (simulation) => claimsEverything((link, body) => drip(simulation, link, body)),
    ],
    ["when it chokes as soon as it is asked", () => claimsEverything((link) => link.say(ID.choke))],
    [
      "when it rejects everything",
      (simulation) =>
        claimsEverything((link, body) => {
          simulation.clock.schedule(50, () => link.say(ID.reject, body));
        }),
    ],
    ["when it takes everything back", () => claimsEverything((link) => link.say(ID.haveNone))],
    ["when it hangs up", () => claimsEverything((link) => link.close())],
  ])("%s", async (_, behaviour) => {
    const simulation = await create();
    const villain = new RawPeer(simulation.network.host("villain"), simulation.infoHash, behaviour(simulation));
    const leech = await leechBetween(simulation, villain);
    // The seed alone needs four seconds.
    await expectCompleteWithin(simulation, leech, 16_000);
  });

  it("is given up after a minute when nobody else has what it claims", async () => {
    const simulation = await create();
    const villain = new RawPeer(
      simulation.network.host("villain"),
      simulation.infoHash,
      claimsEverything(() => undefined),
    );
    const leech = simulation.add("leech");
    leech.session.addEndpoints([villain.address]);
    const isClosed = () => villain.closeCodes.length > 0;
    expect(await simulation.clock.runUntil(isClosed, 70_000)).toBe(true);
    expect(villain.closeCodes).toEqual([4005]);
    expect(simulation.clock.now()).toBeGreaterThan(59_000);
    await simulation.close();
  });

  it("is used again when its blocks come late after all", async () => {
    const simulation = await create();
    const slow = claimsEverything((link, body) => {
      const [piece, begin, length] = [fieldAt(body, 0), fieldAt(body, 1), fieldAt(body, 2)];
      const offset = piece * PIECE + begin;
      const block = simulation.content.slice(offset, offset + length);
      simulation.clock.schedule(4_000, () => link.say(ID.piece, piece, begin, block));
    });
    const villain = new RawPeer(simulation.network.host("slow"), simulation.infoHash, slow);
    const leech = await leechBetween(simulation, villain);
    await simulation.allComplete([leech], 60_000);
    expect(villain.closeCodes).not.toContain(1002);
    await expectCompleteWithin(simulation, leech, 1_000);
  });
});

describe("a seed that goes", () => {
  it.each(["leaves", "crashes"])("half way and %s: another one finishes its work", async (how) => {
    const simulation = await create();
    const first = simulation.add("first", { has: "all", upBytesPerSecond: 1024 * KIB });
    simulation.add("second", { has: "all", upBytesPerSecond: 128 * KIB });
    const leech = simulation.add("leech");
    simulation.introduceAll();
    const isHalfWay = () => leech.session.view.doneBytes >= LENGTH / 2;
    expect(await simulation.clock.runUntil(isHalfWay, 60_000)).toBe(true);
    if (how === "leaves") await simulation.clock.settle(first.client.close());
    else first.host.crash();
    await expectCompleteWithin(simulation, leech, 60_000);
  });

  it("leaves its leeches to complete each other", async () => {
    const simulation = await create();
    const even = simulation.add("even", { has: (piece) => piece % 2 === 0 });
    const odd = simulation.add("odd", { has: (piece) => piece % 2 === 1 });
    const empty = simulation.add("empty", { dialable: false });
    simulation.introduceAll();
    expect(await simulation.allComplete([even, odd, empty], 30_000)).toBe(true);
    expect(await simulation.holdsEverything(empty)).toBe(true);
    await simulation.close();
  });
});

describe("one slow peer at the last piece", () => {
  /** A leech that lacks one piece, which a slow peer was the first to be asked for; then somebody fast comes. */
  it.each<[string, (simulation: Simulation) => RawBehaviour]>([
    ["accepts and never answers", () => claimsEverything(() => undefined)],
    ["sends one byte a second", (simulation) => claimsEverything((link, body) => drip(simulation, link, body))],
    ["sends a KiB a second", (simulation) => claimsEverything(serveSlowly(simulation, KIB))],
  ])("does not hold it back for 10 s when it %s", async (_, behaviour) => {
    const simulation = await create();
    const slow = new RawPeer(simulation.network.host("slow"), simulation.infoHash, behaviour(simulation));
    const leech = simulation.add("leech", { has: (piece) => piece !== 7, latencyMs: 10 });
    leech.session.addEndpoints([slow.address]);
    await simulation.clock.advance(3_000);
    expect(leech.session.view.doneBytes).toBe(LENGTH - PIECE);
    const seed = simulation.add("seed", { has: "all", latencyMs: 10 });
    leech.session.addEndpoints([seed.address]);
    await expectCompleteWithin(simulation, leech, 10_000);
  });

  it("does not hold it back for 10 s when it slows down to a KiB a second in the middle of it", async () => {
    const simulation = await create();
    const { first, leech } = await nearTheEnd(simulation);
    first.host.setRates(KIB, Infinity);
    await expectCompleteWithin(simulation, leech, 10_000);
  });

  it("does not hold it back for 10 s when it vanishes without a word", async () => {
    const simulation = await create();
    const { first, leech } = await nearTheEnd(simulation);
    // Half-open: neither end of the link hears that the other one is gone.
    first.host.silenceLinks();
    await expectCompleteWithin(simulation, leech, 10_000);
  });
});

/** Two seeds have brought all but two pieces to somebody. */
async function nearTheEnd(simulation: Simulation) {
  const first = simulation.add("first", { has: "all", upBytesPerSecond: 256 * KIB, latencyMs: 10 });
  simulation.add("second", { has: "all", upBytesPerSecond: 256 * KIB, latencyMs: 10 });
  const leech = simulation.add("leech", { latencyMs: 10 });
  simulation.introduceAll();
  const isAtTheEnd = () => leech.session.view.doneBytes >= LENGTH - 2 * PIECE;
  expect(await simulation.clock.runUntil(isAtTheEnd, 60_000)).toBe(true);
  return { first, leech };
}

/** Answers one request after the other, so many bytes a second. */
function serveSlowly(simulation: Simulation, bytesPerSecond: number): (link: RawLink, body: Uint8Array) => void {
  const waiting: (() => void)[] = [];
  const serve = (link: RawLink, body: Uint8Array) => {
    const [piece, begin, length] = [fieldAt(body, 0), fieldAt(body, 1), fieldAt(body, 2)];
    const offset = piece * PIECE + begin;
    simulation.clock.schedule((1_000 * length) / bytesPerSecond, () => {
      if (link.closed !== undefined) return;
      link.say(ID.piece, piece, begin, simulation.content.slice(offset, offset + length));
      waiting.shift();
      waiting[0]?.();
    });
  };
  return (link, body) => {
    waiting.push(() => serve(link, body));
    if (waiting.length === 1) waiting[0]?.();
  };
}

/** One byte of the block asked for each second. */
function drip(simulation: Simulation, link: RawLink, body: Uint8Array): void {
  if (link.count(ID.request) > 1) return;
  const message = frame(ID.piece, fieldAt(body, 0), fieldAt(body, 1), new Uint8Array(fieldAt(body, 2)));
  let at = 0;
  const next = () => {
    if (link.closed !== undefined || at >= 120) return;
    link.raw(message.slice(at, at + 1));
    at++;
    simulation.clock.schedule(1_000, next);
  };
  next();
}
