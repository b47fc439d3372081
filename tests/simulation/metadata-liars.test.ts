import { describe, expect, it } from "vitest";
import { toHex } from "@shoal/peer-core";
import { extendedFrame, ID, RawPeer, type RawBehaviour, type RawLink } from "../support/raw-peer.js";
import { Simulation, type SimulatedPeer } from "../support/simulated-swarm.js";

const KIB = 1024;
/** Many small files: a dictionary of more than 32 KiB, three parts. */
const FILE_LENGTHS = Array.from({ length: 1_200 }, () => 40);
const LENGTH = 48_000;
const PART = 16 * KIB;

/** Says that it has a dictionary of `size` bytes and answers requests for its parts. */
function tellsMetadata(size: number, answer: (link: RawLink, part: number) => void): RawBehaviour {
  return {
    onOpen: (link) => {
      link.hello();
      link.raw(extendedFrame(0, { m: new Map([["ut_metadata", 5]]), metadata_size: size }));
    },
    onMessage: (link, { id, body }) => {
      if (id !== ID.extended || body[0] !== 5) return;
      answer(link, partOf(body));
    },
  };
}

/** The part that a request of ours names: "d8:msg_typei0e5:pieceiNee". */
function partOf(body: Uint8Array): number {
  return Number(/5:piecei(\d+)e/.exec(Buffer.from(body).toString("latin1"))?.[1] ?? -1);
}

function sayPart(link: RawLink, part: number, totalSize: number, data: Uint8Array): void {
  link.raw(extendedFrame(1, { msg_type: 1, piece: part, total_size: totalSize }, new Uint8Array(data)));
}

interface Scene {
  readonly simulation: Simulation;
  readonly leech: SimulatedPeer;
  readonly villain: RawPeer;
}

/** A newcomer that knows the info-hash alone meets a villain first, and a second later a seed. */
async function meet(behaviour: (info: Uint8Array, simulation: Simulation) => RawBehaviour): Promise<Scene> {
  const simulation = await Simulation.create({ seed: 6, length: LENGTH, fileLengths: FILE_LENGTHS });
  const info = simulation.metainfo.infoBytes;
  expect(Math.ceil(info.length / PART)).toBe(3);
  const villain = new RawPeer(simulation.network.host("villain"), simulation.infoHash, behaviour(info, simulation));
  const seed = simulation.add("seed", { has: "all", latencyMs: 10 });
  const leech = simulation.add("leech", { knowsMetainfo: false, latencyMs: 10, share: { select: () => [] } });
  leech.session.addEndpoints([villain.address]);
  await simulation.clock.advance(1_000);
  leech.session.addEndpoints([seed.address]);
  return { simulation, leech, villain };
}

async function expectMetadataWithin({ simulation, leech }: Scene, limitMs: number): Promise<void> {
  expect(await simulation.clock.runUntil(() => leech.session.metainfo !== undefined, limitMs)).toBe(true);
  expect(leech.session.metainfo?.infoHash).toBe(simulation.infoHash);
  await simulation.close();
  expect(simulation.clock.pendingTimers).toBe(0);
}

describe("the metadata comes from an honest peer", () => {
  it("although one gives wrong bytes, who is told so", async () => {
    const scene = await meet((info) =>
      tellsMetadata(info.length, (link, part) => {
        sayPart(link, part, info.length, info.slice(part * PART, (part + 1) * PART).fill(7));
      }),
    );
    await scene.simulation.clock.advance(100);
    expect(scene.villain.links[0]?.closed).toMatchObject({ code: 4004, message: "wrong metadata" });
    await expectMetadataWithin(scene, 10_000);
  });

  it("although one mixes a wrong part into right ones, and the honest one is not blamed", async () => {
    const scene = await meet((info) =>
      tellsMetadata(info.length, (link, part) => {
        const right = info.slice(part * PART, (part + 1) * PART);
        sayPart(link, part, info.length, part === 1 ? right.fill(7) : right);
      }),
    );
    await expectMetadataWithin(scene, 10_000);
    const ids = scene.leech.events.flatMap((event) =>
      event.kind === "peer" && event.reason === "wrong metadata" ? [event.peerId] : [],
    );
    expect(new Set(ids)).toEqual(new Set([toHex(scene.villain.id)]));
  });

  it.each<[string, (info: Uint8Array) => RawBehaviour]>([
    ["never answers", (info) => tellsMetadata(info.length, () => undefined)],
    ["claims 32 MiB and never answers", () => tellsMetadata(32 * 1024 * KIB, () => undefined)],
    [
      "refuses",
      (info) => tellsMetadata(info.length, (link, part) => link.raw(extendedFrame(1, { msg_type: 2, piece: part }))),
    ],
    [
      "gives parts of a wrong length",
      (info) => tellsMetadata(info.length, (link, part) => sayPart(link, part, info.length, new Uint8Array(3))),
    ],
    [
      "gives parts that nobody asked for",
      (info) => tellsMetadata(info.length, (link) => sayPart(link, 0xffff, info.length, new Uint8Array(PART))),
    ],
    ["hangs up when it is asked", (info) => tellsMetadata(info.length, (link) => link.close())],
  ])("although one %s", async (_, behaviour) => {
    await expectMetadataWithin(await meet(behaviour), 20_000);
  });

  it("although one claims 32 MiB and gives it away part by part, as slowly as it may", async () => {
    const scene = await meet((_info, simulation) =>
      tellsMetadata(32 * 1024 * KIB, (link, part) => {
        simulation.clock.schedule(4_000, () => sayPart(link, part, 32 * 1024 * KIB, new Uint8Array(PART)));
      }),
    );
    await expectMetadataWithin(scene, 60_000);
  });
});
