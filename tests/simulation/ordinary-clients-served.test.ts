import { describe, expect, it } from "vitest";
import { download, HAVE_ALL, oddSeed, PIECES, simulationOf, UNIT, type Knows } from "../support/ordinary-clients.js";
import { extendedFrame, frame, ID, RawPeer, type RawLink } from "../support/raw-peer.js";

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
