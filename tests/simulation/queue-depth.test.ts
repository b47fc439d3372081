import { createMetainfo, type Metainfo, type TorrentSession } from "@shoal/peer-core";
import { createMemoryPieceStore } from "@shoal/peer-core/platform";
import { describe, expect, it } from "vitest";
import { Simulation, type SimulatedPeer } from "../support/simulated-swarm.js";

const MIB = 1024 * 1024;

/** How long requests may wait at each of so many seeds, after five seconds of a download over a line that they fill. */
async function depthsAt(seeds: number): Promise<readonly number[]> {
  const simulation = await Simulation.create({ seed: 1, length: 16 * MIB, pieceLength: 64 * 1024 });
  for (let at = 0; at < seeds; at++) simulation.add(`seed${at}`, { has: "all", latencyMs: 10 });
  const leech = simulation.add("leech", { latencyMs: 10, downBytesPerSecond: MIB });
  simulation.introduceAll();
  await simulation.clock.advance(5_000);
  const depths = depthsOf(leech.session);
  await simulation.close();
  return depths;
}

function depthsOf(session: TorrentSession): number[] {
  return [...session.swarm.sessions()].map(({ requests }) => requests.queueMs);
}

/** The same bytes once more, under another name: a share of its own. */
function secondShare({ content, runtime }: Simulation): Promise<Metainfo> {
  const read = (position: number, into: Uint8Array) => {
    const part = content.subarray(position, position + into.length);
    into.set(part);
    return Promise.resolve(part.length);
  };
  const file = { path: ["second"], length: content.length, read };
  return createMetainfo({
    name: "second",
    files: [file],
    isMultiFile: false,
    pieceLength: 64 * 1024,
    hasher: runtime.hasher,
  });
}

function addShare({ client }: SimulatedPeer, source: Metainfo, content: Uint8Array | undefined): TorrentSession {
  const { pieceCount, pieceLength } = source.geometry;
  const pieces = new Map<number, Uint8Array>();
  for (let piece = 0; content !== undefined && piece < pieceCount; piece++)
    pieces.set(piece, content.slice(piece * pieceLength, (piece + 1) * pieceLength));
  const store = createMemoryPieceStore({ pieceCount, pieces });
  return client.add({ source, openStore: () => Promise.resolve(store), trackers: [] });
}

describe("the depth of requests", () => {
  it("is a tenth of a second where one peer is asked", async () => {
    expect(await depthsAt(1)).toEqual([100]);
  });

  it("is less at each of several who fill the line", async () => {
    const depths = await depthsAt(3);
    expect(depths).toHaveLength(3);
    expect(Math.max(...depths)).toBeLessThan(70);
  });

  it("is the same for two downloads over one line, even for the one of which little comes", async () => {
    const simulation = await Simulation.create({ seed: 1, length: 16 * MIB, pieceLength: 64 * 1024 });
    const second = await secondShare(simulation);
    const fast = [1, 2].map((at) => simulation.add(`fast${at}`, { has: "all", latencyMs: 10 }));
    const slow = [1, 2].map((at) =>
      simulation.add(`slow${at}`, { has: "none", latencyMs: 10, upBytesPerSecond: 40 * 1024 }),
    );
    const leech = simulation.add("leech", { latencyMs: 10, downBytesPerSecond: MIB });
    leech.session.addEndpoints(fast.map(({ address }) => address));
    for (const peer of slow) addShare(peer, second, simulation.content);
    const other = addShare(leech, second, undefined);
    other.addEndpoints(slow.map(({ address }) => address));
    await simulation.clock.advance(4_000);
    const [ofOne, ofOther] = [depthsOf(leech.session), depthsOf(other)];
    await simulation.close();
    expect([ofOne.length, ofOther.length]).toEqual([2, 2]);
    expect(Math.max(...ofOther)).toBeLessThan(1.2 * Math.min(...ofOne));
    expect(Math.min(...ofOther)).toBeGreaterThan(Math.max(...ofOne) / 1.2);
  });
});
