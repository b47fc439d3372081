import { beforeEach, describe, expect, it } from "vitest";
import { script, type ScriptedSwarm } from "../../../testing/swarm-script.js";
import { ByteBudget } from "../../base/byte-budget.js";
import { UNIT_BYTES } from "../../torrent/geometry.js";
import type { DownloadParts } from "./download-parts.js";
import { PieceCompletion } from "./piece-completion.js";
import type { Verdict } from "./verifier.js";

const [A, B] = ["a", "b"].map((name) => name.charCodeAt(0));
const MATCH: Verdict = { kind: "stored" };
const MISMATCH: Verdict = { kind: "mismatch" };

/** A download whose pieces, of two units each, are judged by the test. */
class Scene {
  readonly swarm: ScriptedSwarm;
  readonly told: string[] = [];
  readonly completion: PieceCompletion;
  isStopped: (() => boolean) | undefined;
  #judge: ((verdict: Verdict | Promise<never>) => void) | undefined;

  constructor(have: string, maxUnverifiedBytes?: number) {
    this.swarm = script({
      have,
      // The first piece is the rarest.
      availability: "123".slice(0, have.length),
      unitsPerPiece: 2,
      ...(maxUnverifiedBytes !== undefined && { maxUnverifiedBytes }),
    });
    const parts = {
      table: this.swarm.table,
      scheduler: this.swarm.scheduler,
      unverified: new ByteBudget(2 ** 30),
      verifier: {
        verify: (_: unknown, isStopped: () => boolean) => {
          this.isStopped = isStopped;
          return new Promise<Verdict>((resolve) => (this.#judge = resolve));
        },
      },
      host: {
        onPieceStored: (piece: number, session: number) => this.told.push(`stored ${piece} of ${session}`),
        onBadData: (session: number, piece: number) => this.told.push(`bad ${piece} of ${session}`),
        onStoreFailed: (error: Error) => this.told.push(`failed: ${error.message}`),
      },
    };
    this.completion = new PieceCompletion(parts as unknown as DownloadParts, () => this.told.push("freed"));
  }

  /** The piece comes, a unit from each of `peers`, filled as `fill` says; then it is being hashed. */
  comes(piece: number, peers: string, fill = [0, 0]): void {
    for (const peer of peers) this.swarm.ask(peer, 2 / peers.length);
    for (const [unit, peer] of Array.from(peers.padEnd(2, peers)).entries()) {
      this.swarm.deliver(peer, `${piece}.${unit}`);
      this.swarm.scheduler.get(piece)?.bytes.fill(fill[unit] ?? 0, unit * UNIT_BYTES, (unit + 1) * UNIT_BYTES);
    }
    this.completion.finish(this.swarm.scheduler.get(piece)!);
  }

  /** What is said of the piece that is being hashed. */
  async judge(verdict: Verdict | Promise<never>): Promise<void> {
    this.#judge?.(verdict);
    await this.completion.settled();
  }

  get happened(): string[] {
    return this.told.splice(0);
  }
}

let scene: Scene;

beforeEach(() => {
  scene = new Scene("..");
});

describe("a piece whose blocks have all come", () => {
  it("is here once it is stored, and all who care are told", async () => {
    scene = new Scene(".");
    scene.comes(0, "ba");
    expect([scene.swarm.drawing(), scene.happened]).toEqual(["v", []]);
    await scene.judge(MATCH);
    expect([scene.swarm.drawing(), scene.happened]).toEqual(["x", [`stored 0 of ${B}`]]);
    expect([scene.swarm.scheduler.unverifiedBytes, scene.completion.wastedBytes]).toEqual([0, 0]);
  });

  it("frees memory that somebody waits for, once", async () => {
    scene = new Scene("...", 2 * UNIT_BYTES);
    scene.comes(0, "a");
    const memory = scene.swarm.scheduler.get(0)?.bytes;
    expect(scene.swarm.ask("b", 1)).toBe("");
    await scene.judge(MATCH);
    expect(scene.happened).toEqual([`stored 0 of ${A}`, "freed"]);
    scene.comes(1, "a");
    expect(scene.swarm.scheduler.get(1)?.bytes).toBe(memory);
    await scene.judge(MATCH);
    expect(scene.happened).toEqual([`stored 1 of ${A}`]);
  });

  it("is fetched again when it is wrong, and who sent it is told of", async () => {
    scene.comes(0, "a");
    await scene.judge(MISMATCH);
    expect([scene.swarm.drawing(), scene.happened]).toEqual(["..", [`bad 0 of ${A}`, "freed"]]);
    expect([scene.swarm.scheduler.unverifiedBytes, scene.completion.wastedBytes]).toEqual([0, 2 * UNIT_BYTES]);
    expect([scene.swarm.ask("b", 1), scene.swarm.ask("c", 3)]).toEqual(["0.0", "1.0 1.1 0.1"]);
  });

  it("is fetched from one alone when it came wrong from several, and then tells who it was", async () => {
    scene = new Scene(".");
    scene.comes(0, "ab", [0, 9]);
    const kept = scene.swarm.scheduler.get(0)?.bytes;
    await scene.judge(MISMATCH);
    expect([scene.swarm.drawing(), scene.happened]).toEqual([".", ["freed"]]);
    expect([scene.swarm.ask("c", 1), scene.swarm.ask("d", 2), scene.swarm.ask("c", 1)]).toEqual(["0.0", "", "0.1"]);
    expect(scene.swarm.scheduler.get(0)?.bytes).not.toBe(kept);
    for (const block of ["0.0", "0.1"]) scene.swarm.deliver("c", block);
    scene.completion.finish(scene.swarm.scheduler.get(0)!);
    await scene.judge(MATCH);
    expect(scene.happened).toEqual([`bad 0 of ${B}`, `stored 0 of ${"c".charCodeAt(0)}`]);
  });

  it("is not here when it cannot be stored, which is said", async () => {
    scene.comes(0, "a");
    const memory = scene.swarm.scheduler.get(0)?.bytes;
    await scene.judge({ kind: "store-failed", error: new Error("disk full") });
    expect([scene.swarm.drawing(), scene.happened]).toEqual(["..", ["failed: disk full"]]);
    expect([scene.swarm.scheduler.get(0), scene.swarm.ask("a", 1)]).toEqual([undefined, "0.0"]);
    expect(scene.swarm.scheduler.get(0)?.bytes).toBe(memory);
  });

  it("is not here when it cannot even be hashed, which is said", async () => {
    scene.comes(0, "a");
    await scene.judge(Promise.reject(new Error("no hasher")));
    expect(scene.happened).toEqual(["failed: no hasher"]);
    expect(scene.swarm.drawing()).toBe("v.");
  });
});

describe("a download that is stopped", () => {
  it("stores nothing any more, whatever is said of what is being hashed", async () => {
    scene.comes(0, "a");
    expect(scene.isStopped?.()).toBe(false);
    scene.completion.stop();
    expect(scene.isStopped?.()).toBe(true);
    await scene.judge(MATCH);
    expect([scene.swarm.drawing(), scene.happened]).toEqual(["v.", []]);
  });

  it("does nothing about a piece that was not looked at to the end", async () => {
    scene.comes(0, "a");
    await scene.judge({ kind: "stopped" });
    expect([scene.swarm.drawing(), scene.happened]).toEqual(["v.", []]);
  });

  it("has settled only when nothing is being hashed or stored any more", async () => {
    let isSettled = false;
    scene.comes(0, "a");
    const settled = scene.completion.settled().then(() => (isSettled = true));
    await new Promise(setImmediate);
    expect(isSettled).toBe(false);
    await scene.judge(MATCH);
    await settled;
  });
});
