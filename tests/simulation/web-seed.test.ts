import { describe, expect, it } from "vitest";
import { toHex } from "@shoal/peer-core";
import { MemoryWeb, type MemoryWebPace } from "@shoal/peer-core/testing";
import { RawPeer, servesContent } from "../support/raw-peer.js";
import { Simulation, type SimulatedPeer } from "../support/simulated-swarm.js";

const KIB = 1024;
const PIECE = 64 * KIB;
const PIECES = 128;
const SEED = "http://seed.example/";
const FILES = [100_000, 0, 3, 5_000_000, 33_333, PIECES * PIECE - 5_133_336];

/** A share of many files, and a server that has them. */
class Scene {
  readonly simulation: Simulation;
  readonly web: MemoryWeb;

  private constructor(simulation: Simulation, partMs: number | undefined) {
    const pace: MemoryWebPace | undefined = partMs === undefined ? undefined : { clock: simulation.clock, partMs };
    this.simulation = simulation;
    this.web = new MemoryWeb(pace);
    for (const { path, offset, length } of simulation.metainfo.files)
      this.web.files.set(`${SEED}share/${path.join("/")}`, simulation.content.slice(offset, offset + length));
  }

  static async create(seed: number, options: { partMs?: number } = {}): Promise<Scene> {
    const simulation = await Simulation.create({
      seed,
      length: PIECES * PIECE,
      pieceLength: PIECE,
      fileLengths: FILES,
    });
    return new Scene(simulation, options.partMs);
  }

  leech(): SimulatedPeer {
    return this.simulation.add("leech", { ranges: this.web, share: { webSeeds: [SEED] }, latencyMs: 5 });
  }

  /** It completes within the time, and what it holds is right. */
  async expectComplete(leech: SimulatedPeer, limitMs: number): Promise<void> {
    expect(await this.simulation.allComplete([leech], limitMs)).toBe(true);
    expect(await this.simulation.holdsEverything(leech)).toBe(true);
  }

  /** Bytes asked of the server. */
  get askedBytes(): number {
    return this.web.requests.reduce((sum, { from, until }) => sum + until - from, 0);
  }
}

function warnings(peer: SimulatedPeer): string[] {
  return peer.events.flatMap((event) => (event.kind === "warning" ? [event.message] : []));
}

function banned(peer: SimulatedPeer): string[] {
  return peer.events.flatMap((event) => (event.kind === "peer" && event.change === "banned" ? [event.label] : []));
}

describe("a web seed", () => {
  it("gives a whole share alone, each byte asked for once, many pieces at a time", async () => {
    const scene = await Scene.create(1, { partMs: 5 });
    const leech = scene.leech();
    await scene.expectComplete(leech, 120_000);
    expect(scene.askedBytes).toBe(PIECES * PIECE);
    expect(scene.web.requests.length).toBeLessThan(PIECES / 2);
    await scene.simulation.close();
    expect(scene.web.openAnswers).toBe(0);
  });

  it("is left alone by who has everything", async () => {
    const scene = await Scene.create(2);
    const has = "all";
    const seed = scene.simulation.add("seed", { ranges: scene.web, share: { webSeeds: [SEED] }, has });
    await scene.simulation.clock.advance(600_000);
    expect(scene.web.requests).toEqual([]);
    expect(seed.session.view.peers).toEqual([]);
    await scene.simulation.close();
  });

  it("and a peer share the work", async () => {
    const scene = await Scene.create(3, { partMs: 10 });
    scene.simulation.add("seed", { has: "all", upBytesPerSecond: 3_000_000, latencyMs: 5 });
    const leech = scene.leech();
    scene.simulation.introduceAll();
    await scene.expectComplete(leech, 60_000);
    expect(scene.askedBytes).toBeGreaterThan((PIECES * PIECE) / 4);
    expect(scene.askedBytes).toBeLessThan(((PIECES * PIECE) / 4) * 3);
    await scene.simulation.close();
  });

  it("that lies is struck and banned, and the share comes from an honest peer", async () => {
    const scene = await Scene.create(4, { partMs: 5 });
    for (const file of scene.web.files.values()) for (let at = 0; at < file.length; at += 1_000) file[at]! ^= 1;
    const leech = scene.leech();
    await scene.simulation.clock.runUntil(() => banned(leech).length > 0, 60_000);
    expect(banned(leech)).toHaveLength(1);
    const before = scene.web.requests.length;
    scene.simulation.add("honest", { has: "all" });
    scene.simulation.introduceAll();
    await scene.expectComplete(leech, 25_000);
    expect(scene.web.requests.length).toBe(before);
    await scene.simulation.close();
  });

  it("that lies does not get an honest peer banned whose blocks are mixed with its own", async () => {
    const scene = await Scene.create(5, { partMs: 5 });
    for (const file of scene.web.files.values()) for (let at = 0; at < file.length; at += 1_000) file[at]! ^= 1;
    const honest = scene.simulation.add("honest", { has: "all", upBytesPerSecond: 2_000_000 });
    const leech = scene.leech();
    scene.simulation.introduceAll();
    await scene.expectComplete(leech, 60_000);
    expect(banned(leech)).not.toContain(honest.client.peerId);
    await scene.simulation.close();
  });

  it("that falls silent costs a few seconds when a peer has the same", async () => {
    const scene = await Scene.create(6);
    scene.web.answer = () => ({ body: new Uint8Array(0), stalls: true });
    scene.simulation.add("seed", { has: "all" });
    const leech = scene.leech();
    scene.simulation.introduceAll();
    await scene.expectComplete(leech, 15_000);
    await scene.simulation.close();
  });

  it("that falls silent is asked again, and finishes the share alone", async () => {
    const scene = await Scene.create(7);
    scene.web.answer = () =>
      scene.web.requests.length > 4 && scene.simulation.clock.now() < 20_000
        ? { body: new Uint8Array(0), stalls: true }
        : undefined;
    const leech = scene.leech();
    await scene.expectComplete(leech, 600_000);
    expect(warnings(leech)).toContain(`Web seed ${SEED}: nothing came for 30 s`);
    await scene.simulation.close();
  });

  it("without one of the files gives all the others", async () => {
    const scene = await Scene.create(8, { partMs: 1 });
    const lost = [...scene.web.files.keys()][3]!;
    scene.web.files.delete(lost);
    const leech = scene.leech();
    const rest = PIECES - Math.ceil(5_100_003 / PIECE) + Math.floor(100_003 / PIECE);
    await scene.simulation.clock.runUntil(() => leech.session.view.verifiedPieces >= rest, 600_000);
    expect(leech.session.view.verifiedPieces).toBe(rest);
    expect(warnings(leech)).toEqual([`Web seed ${SEED}: 3.bin: the server answers 404`]);
    expect(scene.web.requests.filter(({ url }) => url === lost).length).toBeLessThanOrEqual(2);
    scene.simulation.add("seed", { has: "all" });
    scene.simulation.introduceAll();
    await scene.expectComplete(leech, 60_000);
    await scene.simulation.close();
  });

  it("that is busy is not asked before the time that it names", async () => {
    const scene = await Scene.create(9);
    let isBusy = true;
    scene.web.answer = () => (isBusy ? { status: 503, headers: { "retry-after": "300" } } : undefined);
    const leech = scene.leech();
    await scene.simulation.clock.advance(290_000);
    const { length } = scene.web.requests;
    expect(length).toBeLessThanOrEqual(2);
    isBusy = false;
    await scene.expectComplete(leech, 600_000);
    await scene.simulation.close();
  });

  it("is not blamed for what a lying peer sent, and finishes the share", async () => {
    const scene = await Scene.create(10, { partMs: 20 });
    const { simulation } = scene;
    const villain = new RawPeer(
      simulation.network.host("villain"),
      simulation.infoHash,
      servesContent(simulation.content, PIECE, () => true),
    );
    const leech = scene.leech();
    leech.session.addEndpoints([villain.address]);
    await scene.expectComplete(leech, 120_000);
    expect(banned(leech).filter((label) => label !== toHex(villain.id))).toEqual([]);
    await simulation.close();
  });
});
