import { describe, expect, it } from "vitest";
import { utf8Encode } from "@shoal/peer-core";
import {
  answer,
  ARIA2,
  BITFIELD,
  download,
  expectComplete,
  HAVE_ALL,
  LIBTORRENT,
  oddSeed,
  PIECES,
  simulationOf,
  TRANSMISSION,
  UNIT,
  WEBTORRENT,
  type Knows,
} from "../support/ordinary-clients.js";
import { extendedFrame, fieldAt, frame, ID, RawPeer, type RawLink } from "../support/raw-peer.js";

const extended = (id: number, text: string) => frame(ID.extended, Uint8Array.of(id), utf8Encode(text));
const each = (message: (piece: number) => Uint8Array) => Array.from({ length: PIECES }, (_, piece) => message(piece));
const havesOfAll = each((piece) => frame(ID.have, piece));

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
