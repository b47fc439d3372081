import { createHash } from "node:crypto";
import { createMetainfo, type Hasher, type Metainfo } from "@shoal/peer-core";
import { createMicrotaskHasher, MemoryNetwork, seededRandom, VirtualClock } from "@shoal/peer-core/testing";
import type { SeededRandom } from "@shoal/peer-core/testing";
import type { Scenario } from "./scenario.js";
import type { SimulatedDisk } from "./simulated-disk.js";
import type { SimulatedTracker } from "./simulated-tracker.js";

/** Where a scenario is played: one clock, one network, its trackers, and a trace into which every event goes. */
export class Stage {
  readonly scenario: Scenario;
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly hasher: Hasher = createMicrotaskHasher();
  readonly network: MemoryNetwork;
  readonly content: Uint8Array;
  readonly metainfo: Metainfo;
  readonly trackers = new Map<string, SimulatedTracker>();
  /** What was found to be wrong, in the order in which it was. */
  readonly violations: string[] = [];
  /** All that goes wrong is over: nobody leaves any more. */
  isCalm = false;
  /** While true, what must hold at any moment is looked at. */
  isLooking = true;
  readonly #trace = createHash("sha256");
  readonly #story: ((line: string) => void) | undefined;

  private constructor(scenario: Scenario, content: Uint8Array, metainfo: Metainfo, story?: (line: string) => void) {
    this.scenario = scenario;
    this.random = seededRandom(scenario.seed);
    this.content = content;
    this.metainfo = metainfo;
    this.#story = story;
    this.network = new MemoryNetwork({ clock: this.clock, random: this.random.fork(), cut: scenario.cut });
  }

  /** `story` hears every event, a line each. */
  static async create(scenario: Scenario, story?: (line: string) => void): Promise<Stage> {
    const { pieceCount, pieceLength, lastPieceBytes } = scenario;
    const content = seededRandom(scenario.seed + 0.5).bytes((pieceCount - 1) * pieceLength + lastPieceBytes);
    const read = (position: number, into: Uint8Array) => {
      const part = content.subarray(position, position + into.length);
      into.set(part);
      return Promise.resolve(part.length);
    };
    const files = [{ path: ["share"], length: content.length, read }];
    const hasher = createMicrotaskHasher();
    const metainfo = await createMetainfo({ name: "share", files, isMultiFile: false, pieceLength, hasher });
    return new Stage(scenario, content, metainfo, story);
  }

  urlOf(tracker: string): string {
    return `ws://${tracker}.example/announce`;
  }

  trackerAt(url: string): SimulatedTracker | undefined {
    return this.trackers.get(/^ws:\/\/(.+)\.example\/announce$/.exec(url)?.[1] ?? "");
  }

  note(who: string, what: string): void {
    const line = `${this.clock.now().toFixed(3)} ${who} ${what}`;
    this.#trace.update(`${line}\n`);
    this.#story?.(line);
  }

  /** Something is as it must not be. */
  fail(what: string): void {
    this.violations.push(`${this.clock.now().toFixed(0)} ms: ${what}`);
    this.note("VIOLATION", what);
  }

  /** SHA-256 over all events with their times. */
  traceHash(): string {
    return this.#trace.copy().digest("hex");
  }

  /** The right bytes of a piece. */
  pieceBytes(piece: number): Uint8Array {
    const { pieceLength } = this.scenario;
    return this.content.subarray(piece * pieceLength, (piece + 1) * pieceLength);
  }

  /** A disk has a piece, and other bytes than it should. */
  isWrong(disk: SimulatedDisk, piece: number): boolean {
    const bytes = disk.bytesOf(piece);
    return bytes !== undefined && !isSame(bytes, this.pieceBytes(piece));
  }

  /** A disk has a piece, and its bytes are right. */
  isRight(disk: SimulatedDisk, piece: number): boolean {
    const bytes = disk.bytesOf(piece);
    return bytes !== undefined && isSame(bytes, this.pieceBytes(piece));
  }
}

/** Natively compared: there are many of them. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
