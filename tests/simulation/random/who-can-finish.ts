import type { Machine } from "./machine.js";
import type { PeerPlan, RelayPlan } from "./scenario.js";
import type { World } from "./world.js";

/**
 * The pieces that each peer has to come to hold, from the present moment on, if nothing goes wrong any more: all that are
 * right on the disk of somebody whom it reaches, itself included, who believes so, if the metainfo is known there. It
 * reaches
 *
 * - an honest peer at one of its own trackers, if one of the two can be dialled;
 * - any other honest peer at one of its trackers, if all relays of which either is told know each other by a tracker (or
 *   are one): whichever each of them keeps to, their relays meet;
 * - and whom these reach, since everybody wants everything and gives what it has: but for who has lost a piece of files
 *   that are never written to, and gives the others.
 *
 * Who has failed (a full disk) or is gone neither gets nor gives. A piece that a relay alone holds counts for nothing: a
 * relay may forget.
 */
export function whatEachCanGet(world: World): ReadonlyMap<Machine, ReadonlySet<number>> {
  const peers = [...world.machines.values()].filter(
    (machine) =>
      machine.role.kind === "peer" &&
      isRunning(machine) &&
      machine.failure === undefined &&
      machine.disk.maxPieces === Infinity,
  );
  const isLossy = (machine: Machine) =>
    machine.disk.options.isReadOnly === true && rightPieces(world, [machine]).size < world.stage.scenario.pieceCount;
  const givers = peers.filter(isLossy);
  const takers = peers.filter((machine) => !isLossy(machine));
  const canGet = new Map<Machine, ReadonlySet<number>>();
  for (const group of groupsOf(takers, (a, b) => reaches(world, planOf(a), planOf(b)))) {
    const near = givers.filter((giver) => group.some((taker) => reaches(world, planOf(taker), planOf(giver))));
    const all = [...group, ...near];
    if (!all.some((machine) => planOf(machine).knowsMetainfo)) continue;
    const pieces = rightPieces(world, all);
    for (const taker of group) canGet.set(taker, pieces);
  }
  return canGet;
}

function planOf({ role }: Machine): PeerPlan {
  if (role.kind !== "peer") throw new Error("a relay wants nothing");
  return role.plan;
}

/** Pieces that one of them holds as they should be. */
function rightPieces({ stage }: World, machines: readonly Machine[]): ReadonlySet<number> {
  const pieces = new Set<number>();
  for (let piece = 0; piece < stage.scenario.pieceCount; piece++)
    if (machines.some((machine) => believes(machine, piece) && stage.isRight(machine.disk, piece))) pieces.add(piece);
  return pieces;
}

/** A process that has not opened its share yet will believe the record, and forget bytes that nobody vouches for. */
function believes({ disk, process }: Machine, piece: number): boolean {
  return (process?.session?.swarm.content?.table.have ?? disk.recorded).has(piece);
}

function reaches(world: World, a: PeerPlan, b: PeerPlan): boolean {
  if (!haveTrackerInCommon(world, a, b)) return false;
  return a.isDialable || b.isDialable || meetAtRelays(world, a, b);
}

function meetAtRelays(world: World, a: PeerPlan, b: PeerPlan): boolean {
  const [ofA, ofB] = [relaysOf(world, a), relaysOf(world, b)];
  if (ofA.length === 0 || ofB.length === 0) return false;
  return ofA.every((x) => ofB.every((y) => x === y || haveTrackerInCommon(world, x, y)));
}

/** Relays that a peer is told of; none when one of them does not run. */
function relaysOf(world: World, { trackers }: PeerPlan): readonly RelayPlan[] {
  const named = world.stage.scenario.trackers
    .filter(({ name }) => trackers.includes(name))
    .flatMap(({ relays }) => relays);
  return world.stage.scenario.relays.filter(({ name }) => named.includes(name) && isRunning(world.machines.get(name)));
}

function isRunning(machine: Machine | undefined): boolean {
  return machine?.process !== undefined && !machine.isLeaving;
}

/** One that there is: a scenario that was made smaller may name others. */
function haveTrackerInCommon(world: World, a: RelayPlan | PeerPlan, b: RelayPlan | PeerPlan): boolean {
  const { trackers } = world.stage.scenario;
  return trackers.some(({ name }) => a.trackers.includes(name) && b.trackers.includes(name));
}

/** The connected parts of a graph. */
function groupsOf<T>(all: readonly T[], areLinked: (a: T, b: T) => boolean): T[][] {
  const left = new Set(all);
  const groups: T[][] = [];
  for (const first of all) {
    if (!left.delete(first)) continue;
    const group = [first];
    for (const member of group) {
      for (const other of [...left]) {
        if (!areLinked(member, other)) continue;
        left.delete(other);
        group.push(other);
      }
    }
    groups.push(group);
  }
  return groups;
}
