import { wireIdHex } from "@shoal/peer-core/announce";
import { holds, type HeldRecord } from "../../../tracker/src/held-pieces.js";
import type { RegisteredPeer } from "../../../tracker/src/registered-peer.js";
import type { Machine } from "./machine.js";
import type { World } from "./world.js";

/** Reports of pieces are gathered for five seconds; then two of the ways, and a registration that has to be made anew. */
const REPORT_MS = 15_000;

/**
 * While things happen: reports leave five seconds apart, a peer that lost its line is registered anew, and nobody looks
 * more often than once in a while.
 */
const REPORT_SOON_MS = 8_000;

/** What a tracker knows wrongly of a piece. */
interface Doubt {
  /** What is true, all the time: a piece that was lost begins anew when it comes back, whether or not anybody looked between. */
  readonly isHeld: boolean;
  readonly sinceMs: number;
}

/**
 * At any moment: what a tracker knows of an honest peer's pieces is what the peer holds, as of a report ago. So a report
 * that was lost is noticed although a later one makes up for it.
 */
export class TrackerKnowledge {
  readonly #world: World;
  #doubts = new Map<RegisteredPeer, ReadonlyMap<number, Doubt>>();

  constructor(world: World) {
    this.#world = world;
  }

  look(): void {
    const before = this.#doubts;
    this.#doubts = new Map();
    const machines = machinesById(this.#world);
    for (const { name, running } of this.#world.stage.trackers.values()) {
      for (const { peers } of running?.registry.swarms() ?? []) {
        for (const registration of peers) {
          const machine = machines.get(wireIdHex(registration.peerId));
          if (machine !== undefined) this.#compare(name, registration, machine, before.get(registration));
        }
      }
    }
  }

  #compare(
    tracker: string,
    registration: RegisteredPeer,
    machine: Machine,
    before: ReadonlyMap<number, Doubt> | undefined,
  ): void {
    const heldPieces = machine.sessions()[0]?.heldPieces;
    // Who is stopped cannot report.
    if (heldPieces === undefined || machine.process?.clock.isStopped !== false) return;
    const { clock, scenario } = this.#world.stage;
    const belief = registration.extras?.held;
    const doubts = new Map<number, Doubt>();
    for (let piece = 0; piece < scenario.pieceCount; piece++) {
      const isHeld = holds(heldPieces, piece);
      if (isHeld === holds(belief, piece)) continue;
      const earlier = before?.get(piece);
      const sinceMs = Math.max(earlier?.sinceMs ?? 0, machine.gotAtMs.get(piece) ?? 0);
      const doubt = earlier?.isHeld === isHeld ? { isHeld, sinceMs } : { isHeld, sinceMs: clock.now() };
      doubts.set(piece, doubt);
      if (clock.now() - doubt.sinceMs <= REPORT_SOON_MS) continue;
      const what = isHeld ? "does not know that" : "believes that";
      this.#world.stage.fail(
        `${tracker} ${what} ${machine.name} holds piece ${piece}, for ${REPORT_SOON_MS / 1_000} s`,
      );
    }
    if (doubts.size > 0) this.#doubts.set(registration, doubts);
  }
}

function machinesById(world: World): ReadonlyMap<string, Machine> {
  const machines = new Map<string, Machine>();
  for (const machine of world.machines.values()) {
    const { process, isLeaving } = machine;
    if (process !== undefined && !isLeaving) machines.set(process.client.peerId, machine);
  }
  return machines;
}

/** A tracker believes something else of a peer's pieces than is true. */
interface Misbelief {
  readonly registration: RegisteredPeer;
  /** What the peer holds. */
  readonly truth: string;
  readonly told: string;
}

/**
 * To be called when all is calm: whatever a tracker knows of the pieces of an honest peer is what the peer holds. What is
 * not so yet has the time that a report takes.
 */
export async function checkReports(world: World): Promise<void> {
  const before = misbeliefs(world);
  if (before.size === 0) return;
  await world.stage.clock.advance(REPORT_MS);
  const after = misbeliefs(world);
  for (const [registration, { truth, told }] of after) {
    // A piece that came meanwhile may be on its way to the tracker.
    if (before.get(registration)?.truth === truth) world.stage.fail(told);
  }
}

function misbeliefs(world: World): ReadonlyMap<RegisteredPeer, Misbelief> {
  const found = new Map<RegisteredPeer, Misbelief>();
  for (const { name, running } of world.stage.trackers.values()) {
    for (const swarm of running?.registry.swarms() ?? []) {
      for (const registration of swarm.peers) {
        const machine = machineOf(world, registration);
        const heldPieces = machine?.sessions()[0]?.heldPieces;
        if (machine === undefined || heldPieces === undefined) continue;
        const [truth, belief] = [heldPieces, registration.extras?.held].map((held) => piecesOf(world, held));
        if (truth === undefined || truth === belief) continue;
        const told = `${name} believes that ${machine.name} holds ${belief ?? ""}, and it holds ${truth}`;
        found.set(registration, { registration, truth, told });
      }
    }
  }
  return found;
}

function machineOf(world: World, { peerId }: RegisteredPeer) {
  const id = wireIdHex(peerId);
  return [...world.machines.values()].find(({ process, isLeaving }) => process?.client.peerId === id && !isLeaving);
}

function piecesOf(world: World, held: HeldRecord | undefined): string {
  return Array.from({ length: world.stage.scenario.pieceCount }, (_, piece) => (holds(held, piece) ? "x" : ".")).join(
    "",
  );
}
