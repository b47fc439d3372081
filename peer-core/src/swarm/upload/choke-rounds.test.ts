import { beforeEach, describe, expect, it } from "vitest";
import { seededRandom } from "../../../testing/seeded-random.js";
import { RateMeter } from "../../base/rate-meter.js";
import type { PeerSession } from "../../peer/peer-session.js";
import { ChokeRounds } from "./choke-rounds.js";

const KIB = 1024;
const CROWD = 50;

/** A crowd that wants everything, and who of it is served. */
class Scene {
  readonly rounds: ChokeRounds;
  readonly #peers: PeerSession[] = [];
  #now = 0;

  constructor(isSeed: boolean) {
    const serve = (amChoking: boolean) => (session: PeerSession) => {
      session.amChoking = amChoking;
      session.chokedSince = this.#now;
    };
    this.rounds = new ChokeRounds(
      {
        random: seededRandom(1),
        sessions: () => this.#peers,
        servesInTurn: () => isSeed,
        mayBeInNeed: () => true,
        choke: serve(true),
        unchoke: serve(false),
      },
      0,
    );
  }

  /** Somebody comes and is interested; true when it is served at once. */
  comes(): boolean {
    const remote = { isInterested: true, isRelay: false, pieces: { bitfield: undefined } };
    const drawn = { id: this.#peers.length, amChoking: true, chokedSince: 0, remote, downMeter: new RateMeter() };
    const session = drawn as unknown as PeerSession;
    this.#peers.push(session);
    this.rounds.onInterested(session);
    return !session.amChoking;
  }

  firstLeaves(): void {
    const gone = this.#peers.shift();
    if (gone !== undefined) this.rounds.onSlotFreed(gone);
  }

  get served(): number {
    return this.#peers.filter(({ amChoking }) => !amChoking).length;
  }

  /** How many are served at `now`, with a tick each second until then and so much sent lately. */
  servedAt(now: number, bytesPerSecond: number): number {
    for (; this.#now < now; this.#now += 1_000) this.rounds.tick(this.#now + 1_000, bytesPerSecond);
    return this.served;
  }
}

describe("ChokeRounds", () => {
  let seed: Scene;
  let leech: Scene;

  beforeEach(() => {
    [seed, leech] = [new Scene(true), new Scene(false)];
  });

  it("begins with forty as a seed, with eight as anybody else", () => {
    const served = [seed, leech].map(
      (scene) => Array.from({ length: CROWD }, () => scene.comes()).filter(Boolean).length,
    );
    expect(served).toEqual([40, 8]);
  });

  it("serves more as soon as the line turns out to bear them", () => {
    for (let at = 0; at < CROWD; at++) leech.comes();
    expect([leech.servedAt(1_000, 0), leech.servedAt(2_000, 20 * 64 * KIB)]).toEqual([8, 20]);
  });

  it("leaves the guess of the beginning alone until something was sent, and then not for long", () => {
    for (let at = 0; at < CROWD; at++) seed.comes();
    expect([seed.servedAt(20_000, 0), seed.servedAt(24_000, 100 * KIB)]).toEqual([40, 8]);
  });

  it("takes a line that sends less later for one that pauses: one slot less every ten seconds", () => {
    for (let at = 0; at < CROWD; at++) seed.comes();
    const rich = 30 * 64 * KIB;
    const served = [13_000, 23_000, 33_000].map((now, at) => seed.servedAt(now, at === 0 ? rich : KIB));
    expect(served).toEqual([30, 29, 28]);
  });

  it("gives the place of who has gone to the next before the round", () => {
    for (let at = 0; at < CROWD; at++) leech.comes();
    leech.firstLeaves();
    expect([leech.served, leech.servedAt(1_000, KIB)]).toEqual([7, 8]);
  });
});
