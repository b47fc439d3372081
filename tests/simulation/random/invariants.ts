import { wireIdHex } from "@shoal/peer-core/announce";
import { checkCaps } from "./caps.js";
import type { Machine } from "./machine.js";
import { MOST_PEERS_TOLD, MOST_RELAYS_TOLD } from "./simulated-tracker.js";
import type { World } from "./world.js";

/** Peers of one swarm at once, and of these from one address (docs: limits). */
const MAX_SESSIONS = 200;
const MAX_PER_ADDRESS = 32;
/** Dials at once of one swarm, and one more to a relay. */
const MAX_DIALING = 9;
/** What may wait in one socket: 1 MiB of blocks, the one that goes beyond it, and a batch of other messages. */
const MAX_QUEUED_BYTES = (1_024 + 128 + 256) * 1_024;
/** A complaint is looked into at once, but for the disk's time. */
const LOOK_MS = 5_000;

/** What must hold at any moment. */
export function checkAlways(world: World): void {
  for (const machine of world.machines.values()) {
    const { name, process, role } = machine;
    if (process === undefined) continue;
    for (const session of machine.sessions()) {
      const { swarm } = session;
      const most = role.kind === "peer" ? Math.min(MAX_SESSIONS, role.plan.maxConnections) : MAX_SESSIONS;
      if (swarm.sessionCount > most) world.stage.fail(`${name} has ${swarm.sessionCount} links, more than ${most}`);
      for (const { host } of world.machines.values()) {
        const links = swarm.linksFrom(host.ipAddress);
        if (links > MAX_PER_ADDRESS) world.stage.fail(`${name} has ${links} links from ${host.name}`);
      }
      checkCaps(world, machine, session);
    }
    const { mostQueuedBytes } = machine.host;
    if (mostQueuedBytes > MAX_QUEUED_BYTES) world.stage.fail(`${name} has ${mostQueuedBytes} bytes wait in one socket`);
    if (role.kind === "relay") checkCache(world, machine, role.plan.quotaPieces);
    if (process.mostDialing > MAX_DIALING) world.stage.fail(`${name} dials ${process.mostDialing} peers at once`);
  }
}

function checkCache({ stage }: World, { name, disk }: Machine, quotaPieces: number): void {
  const quotaBytes = quotaPieces * stage.scenario.pieceLength;
  if (disk.usedBytes > quotaBytes) stage.fail(`${name} keeps ${disk.usedBytes} bytes, more than ${quotaBytes}`);
}

/** What must hold once all is calm and whoever could has finished. */
export function checkCalm(world: World): void {
  for (const machine of world.machines.values()) {
    machine.checkDisk();
    checkClaims(world, machine);
    checkComplaints(world, machine);
    if (machine.role.kind === "peer") checkFailure(world, machine);
    else if (machine.failure !== undefined)
      world.stage.fail(`${machine.name}, a relay, has failed: ${machine.failure}`);
  }
  for (const { name, mostTold, mostRelaysTold } of world.stage.trackers.values()) {
    if (mostTold > MOST_PEERS_TOLD) world.stage.fail(`${name} told of ${mostTold} peers at once`);
    if (mostRelaysTold > MOST_RELAYS_TOLD) world.stage.fail(`${name} told of ${mostRelaysTold} relays at once`);
  }
}

/** What must hold when everybody is gone. */
export function checkGone(world: World): void {
  const { pendingTimers } = world.stage.clock;
  if (pendingTimers > 0) world.stage.fail(`${pendingTimers} timers are left when everybody is gone`);
  for (const { name, host } of world.machines.values()) {
    if (host.openLinks > 0) world.stage.fail(`${name} is gone and has ${host.openLinks} links`);
  }
}

/** Honest peers that have said goodbye are registered nowhere. */
export function checkTrackers(world: World): void {
  for (const { name, running } of world.stage.trackers.values()) {
    for (const swarm of running?.registry.swarms() ?? []) {
      const ours = swarm.peers.filter(({ peerId }) => wireIdHex(peerId).startsWith("2d5348"));
      if (ours.length > 0) world.stage.fail(`${name} still lists ${ours.length} peers that said goodbye`);
    }
  }
}

/** A process says that it has no piece whose bytes are not there. */
function checkClaims(world: World, machine: Machine): void {
  for (const { heldPieces } of machine.sessions()) {
    for (let piece = 0; piece < world.stage.scenario.pieceCount; piece++) {
      if (!isClaimed(heldPieces, piece) || world.stage.isRight(machine.disk, piece) || machine.flipped.has(piece))
        continue;
      world.stage.fail(`${machine.name} says that it has piece ${piece}, and has not`);
    }
  }
}

function isClaimed(heldPieces: Uint8Array | undefined, piece: number): boolean {
  return ((heldPieces?.[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) !== 0;
}

function checkComplaints(world: World, machine: Machine): void {
  for (const { piece, atMs, process } of machine.complaints) {
    const isDue =
      world.stage.clock.now() - atMs > LOOK_MS && machine.process === process && machine.failure === undefined;
    const since = machine.flipped.get(piece) ?? Infinity;
    // Files of the user's keep what is wrong in them; it is not offered any more.
    const isKept =
      machine.disk.options.isReadOnly !== true ||
      machine.sessions().some(({ heldPieces }) => isClaimed(heldPieces, piece));
    if (isDue && since < atMs && isKept && world.stage.isWrong(machine.disk, piece))
      world.stage.fail(
        `${machine.name} was told at ${atMs.toFixed(0)} ms that piece ${piece} is wrong, and still has it`,
      );
  }
}

function checkFailure(world: World, { name, failure, disk }: Machine): void {
  if (failure === undefined || (failure === "disk-full" && disk.maxPieces < Infinity)) return;
  world.stage.fail(`${name} has failed: ${failure}`);
}
