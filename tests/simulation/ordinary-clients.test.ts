import { describe, expect, it } from "vitest";
import { utf8Encode } from "@shoal/peer-core";
import { extendedFrame, fieldAt, frame, ID, RawPeer, type RawBehaviour, type RawLink } from "../support/raw-peer.js";
import { Simulation, type SimulatedPeer } from "../support/simulated-swarm.js";

const KIB = 1024;
const UNIT = 16 * KIB;
const PIECE = 64 * KIB;
const PIECES = 10;
/** A bitfield of PIECES ones. */
const ALL = Uint8Array.of(0xff, 0xc0);
const HAVE_ALL = frame(ID.haveAll);
const BITFIELD = frame(ID.bitfield, ALL);

interface Knows {
  readonly fast?: boolean;
  readonly extensions?: boolean;
}

function simulationOf(): Promise<Simulation> {
  return Simulation.create({ seed: 9, length: PIECES * PIECE, pieceLength: PIECE });
}

/** Sends the block that a request asks for. */
function answer(link: RawLink, { content }: Simulation, request: Uint8Array): void {
  const [piece, begin, length] = [fieldAt(request, 0), fieldAt(request, 1), fieldAt(request, 2)];
  const offset = piece * PIECE + begin;
  link.say(ID.piece, piece, begin, content.slice(offset, offset + length));
}

/** Ours, and a seed of other software to which it dials. */
async function download(behaviour: (simulation: Simulation) => RawBehaviour) {
  const simulation = await simulationOf();
  const raw = new RawPeer(simulation.network.host("stranger"), simulation.infoHash, behaviour(simulation));
  const leech = simulation.add("leech");
  leech.session.addEndpoints([raw.address]);
  return { simulation, raw, leech };
}

/** A seed that says `oddities` after the handshake, and then behaves. */
function oddSeed(oddities: readonly Uint8Array[], knows: Knows = {}) {
  return (simulation: Simulation): RawBehaviour => ({
    onOpen: (link) => {
      link.hello(knows);
      link.raw(...oddities, frame(ID.unchoke));
    },
    onMessage: (link, { id, body }) => id === ID.request && answer(link, simulation, body),
  });
}

/** It came on the first link, which nobody closed for a fault, and everything ends. */
async function expectComplete(scene: { simulation: Simulation; raw: RawPeer; leech: SimulatedPeer }, limitMs = 30_000) {
  const { simulation, raw, leech } = scene;
  expect(await simulation.allComplete([leech], limitMs), JSON.stringify(raw.closeCodes)).toBe(true);
  expect(await simulation.holdsEverything(leech)).toBe(true);
  expect(raw.links).toHaveLength(1);
  expect(raw.closeCodes).toEqual([]);
  await simulation.close();
  expect(simulation.clock.pendingTimers).toBe(0);
}

const extended = (id: number, text: string) => frame(ID.extended, Uint8Array.of(id), utf8Encode(text));
const each = (message: (piece: number) => Uint8Array) => Array.from({ length: PIECES }, (_, piece) => message(piece));
const havesOfAll = each((piece) => frame(ID.have, piece));

/** Extended handshakes as these clients write them. */
const LIBTORRENT = extendedFrame(0, {
  complete_ago: -1,
  m: new Map(
    ["lt_donthave", "share_mode", "upload_only", "ut_holepunch", "ut_metadata", "ut_pex"].map((n, i) => [n, i + 2]),
  ),
  metadata_size: 400,
  reqq: 500,
  share_mode: 1,
  v: "libtorrent/2.0.8.0",
  yourip: Uint8Array.of(10, 0, 0, 2),
});
const TRANSMISSION = extendedFrame(0, {
  e: 1,
  ipv6: new Uint8Array(16),
  m: new Map([
    ["ut_metadata", 3],
    ["ut_pex", 1],
  ]),
  metadata_size: 0,
  p: 51_413,
  reqq: 512,
  upload_only: 1,
  v: "Transmission 4.0.6",
});
const ARIA2 = extendedFrame(0, { m: new Map([["ut_metadata", 9]]), p: 6_881, v: "aria2/1.37.0" });
const WEBTORRENT = extendedFrame(0, { m: new Map([["ut_metadata", 1]]), metadata_size: 400 });

describe("a download from other software is not disturbed", () => {
  it.each<[string, Knows, Uint8Array[]]>([
    ["libtorrent's greeting", {}, [HAVE_ALL, LIBTORRENT]],
    ["Transmission's greeting", {}, [TRANSMISSION, HAVE_ALL, frame(9, Uint8Array.of(0x1a, 0xe1))]],
    ["aria2's greeting", {}, [ARIA2, HAVE_ALL, ...each((piece) => frame(17, piece))]],
    ["WebTorrent's greeting", {}, [WEBTORRENT, BITFIELD]],
    ["the plain greeting of BEP 3", { fast: false, extensions: false }, [BITFIELD]],
    ["silence, and a have for each piece", { fast: false, extensions: false }, havesOfAll],
    ["a bitfield of zeros, and haves", {}, [frame(ID.bitfield, new Uint8Array(2)), ...havesOfAll]],
    ["haves after have_all", {}, [HAVE_ALL, ...havesOfAll, ...havesOfAll]],
    [
      "bitfields in place of haves",
      {},
      [frame(ID.haveNone), ...each(() => BITFIELD), ...each(() => BITFIELD), HAVE_ALL],
    ],
    [
      "allowed_fast and suggest, out of range too",
      {},
      [HAVE_ALL, frame(17, 0), frame(17, 1e9), frame(13, 3), frame(13, 1e9)],
    ],
    ["those without BEP 6", { fast: false }, [BITFIELD, frame(17, 0), frame(13, 3)]],
    ["hash requests of BitTorrent v2", {}, [HAVE_ALL, ...[21, 22, 23].map((id) => frame(id, new Uint8Array(500)))]],
    ["unknown messages", {}, [HAVE_ALL, frame(99), frame(255, new Uint8Array(1_000))]],
    ["extensions that nobody announced", {}, [HAVE_ALL, extended(200, "de"), extended(77, "\0\xff")]],
    ["a greeting twice", {}, [HAVE_ALL, LIBTORRENT, LIBTORRENT, TRANSMISSION]],
    ["a greeting in disorder", {}, [HAVE_ALL, extended(0, "d1:v1:x4:reqq3:abc1:mi7e1:ple13:metadata_size1:1eGARBAGE")]],
    ["an empty greeting", {}, [HAVE_ALL, extended(0, "de")]],
    [
      "refusals of metadata, and kinds unknown",
      {},
      [HAVE_ALL, extended(1, "d8:msg_typei2e5:piecei0ee"), extended(1, "d8:msg_typei7ee")],
    ],
    [
      "requests for metadata",
      {},
      [HAVE_ALL, LIBTORRENT, extended(1, "d8:msg_typei0e5:piecei0ee"), extended(1, "d8:msg_typei0e5:piecei99ee")],
    ],
    [
      "peer exchange, empty or in disorder",
      {},
      [HAVE_ALL, extended(3, "de"), extended(3, "d7:dropped0:5:added3:abc7:added.fi1eeX")],
    ],
    ["upload_only on and off", {}, [HAVE_ALL, frame(20, Uint8Array.of(4, 1)), frame(20, Uint8Array.of(4, 0))]],
    ["a piece lost and found", {}, [HAVE_ALL, frame(20, Uint8Array.of(2, 0, 0, 0, 3)), frame(ID.have, 3)]],
    ["refusals of what was never asked", {}, [HAVE_ALL, frame(ID.reject, 0, 0, UNIT), frame(ID.reject, 1e9, 7, 1e9)]],
    ["cancels of what was never asked", {}, [HAVE_ALL, frame(ID.cancel, 0, 0, UNIT)]],
    ["keep-alives", {}, [HAVE_ALL, new Uint8Array(12)]],
    ["empty blocks", {}, [HAVE_ALL, frame(ID.piece, 0, 0), frame(ID.piece, 3, UNIT)]],
    ["requests while it is choked", {}, [HAVE_ALL, frame(ID.interested), frame(ID.request, 0, 0, UNIT)]],
    ["choking and unchoking at once", {}, [HAVE_ALL, ...each((turn) => frame(turn % 2 === 0 ? ID.unchoke : ID.choke))]],
  ])("by %s", async (_, knows, oddities) => {
    await expectComplete(await download(oddSeed(oddities, knows)));
  });

  it.each([
    ["drops what was asked, without BEP 6", { fast: false }],
    ["sends what it was about to send, without BEP 6", { fast: false }],
    ["refuses what was asked", { fast: true }],
    ["sends what it was about to send", { fast: true }],
  ])("by one that chokes after every third block, and %s", async (how, knows) => {
    const scene = await download((simulation) => {
      let count = 0;
      let isChoking = false;
      const choke = (link: RawLink) => {
        isChoking = true;
        link.say(ID.choke);
        simulation.clock.schedule(500, () => {
          isChoking = false;
          link.say(ID.unchoke);
        });
      };
      return {
        onOpen: (link) => {
          link.hello(knows);
          link.raw(BITFIELD, frame(ID.unchoke));
        },
        onMessage: (link, { id, body }) => {
          if (id !== ID.request) return;
          const wasChoking = isChoking;
          if (!wasChoking && ++count % 4 === 0) choke(link);
          if (!isChoking || (!wasChoking && how.startsWith("sends"))) answer(link, simulation, body);
          else if (knows.fast) link.say(ID.reject, body);
        },
      };
    });
    await expectComplete(scene, 120_000);
  });
});

describe("what other software is asked for", () => {
  it.each<[string, Uint8Array[], number]>([
    ["250 requests when it tells no reqq", [HAVE_ALL, ARIA2], 250],
    ["its reqq", [HAVE_ALL, extendedFrame(0, { m: new Map(), reqq: 3 })], 3],
    ["one request when it queues one", [HAVE_ALL, extendedFrame(0, { m: new Map(), reqq: 1 })], 1],
  ])("is at most %s at once, 16 KiB each", async (_, oddities, most) => {
    const open = new Set<string>();
    let greatest = 0;
    const scene = await download((simulation) => {
      const seed = oddSeed(oddities)(simulation);
      return {
        ...seed,
        onMessage: (link, message) => {
          const name = message.body.join();
          if (message.id === ID.cancel) open.delete(name);
          if (message.id !== ID.request) return;
          expect(fieldAt(message.body, 2)).toBe(UNIT);
          greatest = Math.max(greatest, open.add(name).size);
          simulation.clock.schedule(20, () => {
            open.delete(name);
            answer(link, simulation, message.body);
          });
        },
      };
    });
    await expectComplete(scene);
    expect(greatest).toBeGreaterThan(0);
    expect(greatest).toBeLessThanOrEqual(most);
  });

  it("is nothing that only BEP 6 and BEP 10 know, where it knows neither", async () => {
    const scene = await download(oddSeed([BITFIELD], { fast: false, extensions: false }));
    await expectComplete(scene);
    expect(scene.raw.links[0]?.messages.filter(({ id }) => id > ID.cancel)).toEqual([]);
  });
});

describe("other software is not given up", () => {
  it("when it serves in turns and leaves us choked for a minute", async () => {
    const scene = await download((simulation) => {
      let isChoking = false;
      let served = 0;
      return {
        onOpen: (link) => {
          link.hello();
          link.raw(HAVE_ALL, frame(ID.unchoke));
        },
        onMessage: (link, { id, body }) => {
          if (id !== ID.request) return;
          if (isChoking) return link.say(ID.reject, body);
          answer(link, simulation, body);
          if (++served % 8 !== 0) return;
          isChoking = true;
          link.say(ID.choke);
          simulation.clock.schedule(60_000, () => {
            isChoking = false;
            link.say(ID.unchoke);
          });
        },
      };
    });
    await expectComplete(scene, 600_000);
  });

  it("when it is slow, and sends what another has sent in its place and what was cancelled", async () => {
    const scene = await download((simulation) => ({
      ...oddSeed([HAVE_ALL])(simulation),
      onMessage: (link, { id, body }) => {
        if (id === ID.request) simulation.clock.schedule(4_000, () => answer(link, simulation, body));
        if (id === ID.cancel) link.say(ID.reject, body);
      },
    }));
    const { simulation, leech, raw } = scene;
    const fast = new RawPeer(simulation.network.host("fast"), simulation.infoHash, oddSeed([HAVE_ALL])(simulation));
    await simulation.clock.advance(1_000);
    leech.session.addEndpoints([fast.address]);
    expect(await simulation.allComplete([leech], 30_000)).toBe(true);
    await simulation.clock.advance(10_000);
    expect([...raw.closeCodes, ...fast.closeCodes].filter((code) => code !== 1000)).toEqual([]);
    await simulation.close();
  });

  it("when it speaks once in two minutes", async () => {
    const simulation = await simulationOf();
    const seed = simulation.add("seed", { has: "all" });
    const raw = new RawPeer(simulation.network.host("quiet"), simulation.infoHash, {
      onOpen: (link) => {
        link.hello();
        link.raw(frame(ID.haveNone), LIBTORRENT);
      },
    });
    const link = await simulation.clock.settle(raw.dial(seed.address));
    for (let turn = 0; turn < 3; turn++) {
      await simulation.clock.advance(120_000);
      link.raw(new Uint8Array(4));
    }
    expect(link.closed).toBeUndefined();
    await simulation.close();
  });
});

describe("an upload to other software", () => {
  /** The answers of a seed of ours to `requests`, once it has unchoked who sends them. */
  async function answersTo(requests: readonly Uint8Array[], knows: Knows = {}): Promise<number[]> {
    const simulation = await simulationOf();
    const seed = simulation.add("seed", { has: "all" });
    const raw = new RawPeer(simulation.network.host("stranger"), simulation.infoHash, {
      onOpen: (link) => {
        link.hello(knows);
        link.say(ID.interested);
      },
    });
    const link = await simulation.clock.settle(raw.dial(seed.address));
    await simulation.clock.advance(1_000);
    link.raw(...requests);
    await simulation.clock.advance(5_000);
    expect(link.closed).toBeUndefined();
    const known: number[] = [ID.piece, ID.reject];
    const answers = link.messages.filter(({ id }) => known.includes(id));
    await simulation.close();
    return answers.map(({ id, body }) => (id === ID.piece ? body.length - 8 : -1));
  }

  it("serves what is asked for, in the size in which it is asked", async () => {
    const requests = [frame(ID.request, 0, 0, UNIT), frame(ID.request, 1, 0, 4 * UNIT), frame(ID.request, 2, 100, 1)];
    expect(await answersTo(requests)).toEqual([UNIT, 4 * UNIT, 1]);
  });

  it("serves a thousand requests at once, as WebTorrent sends them whatever our reqq", async () => {
    const requests = Array.from({ length: 1_000 }, (_, index) => frame(ID.request, index % PIECES, index, 64));
    expect(await answersTo(requests, { fast: false })).toEqual(requests.map(() => 64));
  });
});

describe("who wants nothing", () => {
  const asPartialSeed = (told: Uint8Array) => [frame(ID.bitfield, Uint8Array.of(0x80, 0)), told];
  const greeting = { m: new Map([["upload_only", 9]]), p: 6_881 };

  async function toSeed(messages: readonly Uint8Array[]): Promise<RawLink> {
    const simulation = await simulationOf();
    const seed = simulation.add("seed", { has: "all" });
    const raw = new RawPeer(simulation.network.host("partial"), simulation.infoHash, {
      onOpen: (link) => {
        link.hello();
        link.raw(...messages);
      },
    });
    const link = await simulation.clock.settle(raw.dial(seed.address));
    await simulation.clock.advance(2_000);
    await simulation.close();
    return link;
  }

  it.each([
    ["in its greeting", [extendedFrame(0, { ...greeting, upload_only: 1 })]],
    ["in a message", [extendedFrame(0, greeting), frame(20, Uint8Array.of(4, 1))]],
    ["in a second greeting", [extendedFrame(0, greeting), extendedFrame(0, { upload_only: 1 })]],
  ])("says so %s, and parts from our seed", async (_, told) => {
    expect((await toSeed(told.flatMap(asPartialSeed))).closed).toMatchObject({ code: 1000 });
  });

  it("stays when it has changed its mind", async () => {
    const told = [extendedFrame(0, greeting), frame(20, Uint8Array.of(4, 0))];
    expect((await toSeed(told.flatMap(asPartialSeed))).closed).toMatchObject({ code: 4006 });
  });

  it("hears that we want nothing either, once all is here", async () => {
    const scene = await download(oddSeed([HAVE_ALL, extendedFrame(0, { m: new Map([["upload_only", 9]]) })]));
    await scene.simulation.allComplete([scene.leech], 30_000);
    await scene.simulation.clock.advance(1_000);
    const told = scene.raw.links[0]?.messages.filter(({ id, body }) => id === ID.extended && body[0] === 9);
    expect(told?.map(({ body }) => body[1])).toEqual([1]);
    await scene.simulation.close();
  });
});
