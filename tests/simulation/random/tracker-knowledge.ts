import { wireIdHex } from "@shoal/peer-core/announce";
import { holds, type HeldRecord } from "../../../tracker/src/held-pieces.js";
import type { RegisteredPeer } from "../../../tracker/src/registered-peer.js";
import type { World } from "./world.js";

/** Reports of pieces are gathered for five seconds; then two of the ways, and a registration that has to be made anew. */
const REPORT_MS = 15_000;

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
