import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { treePrivateBytes } from "../bench/process/process-tree.js";
import type { World } from "./world.js";

/** Files of pieces that a cache keeps open, and what the tracker's database opens when it is first used. */
const MORE_HANDLES = 40;
/** What a heap of V8 keeps of a busy time before it is collected, buffers of frames and pieces that are used again. */
const MORE_BYTES = 96 * 1024 * 1024;
/** Links of those who have gone are closed by then. */
const QUIET_MS = 30_000;
const LOOK_MS = 500;

interface Holding {
  readonly handles: number;
  readonly sockets: number;
  readonly bytes: number;
}

/**
 * With everybody else gone, hub and relay hold what a fresh one holds: no more sockets, and hardly more files and memory.
 * Starts them anew to compare.
 */
export async function expectNoLeaks(world: World): Promise<void> {
  for (const actor of world.actors.values())
    if (actor.role === "seeder" || actor.role === "downloader") await actor.end("SIGINT");
  // The relay is at the hub's tracker and would be missed by a fresh one.
  for (const name of ["relay", "hub"] as const) {
    const actor = world.actor(name);
    const used = await quietHolding(world, name);
    await actor.end("SIGINT");
    actor.start();
    await actor.run?.process.event("serving");
    const fresh = await quietHolding(world, name);
    world.ledger.say(`${name}: ${describe(used)} at the end, ${describe(fresh)} when fresh`);
    if (used.sockets > fresh.sockets)
      world.ledger.complain(`${name} has ${used.sockets} sockets, ${fresh.sockets} when fresh`);
    if (used.handles - used.sockets > fresh.handles - fresh.sockets + MORE_HANDLES)
      world.ledger.complain(`${name} has ${used.handles} handles, ${fresh.handles} when fresh`);
    if (used.bytes > fresh.bytes + MORE_BYTES)
      world.ledger.complain(`${name} has ${used.bytes} bytes of its own, ${fresh.bytes} when fresh`);
    if (name === "relay") await actor.end("SIGINT");
  }
  for (const { name, runs } of world.actors.values()) {
    const left = runs.slice(0, -1).filter(({ process }) => process.isRunning);
    if (left.length > 0) world.ledger.complain(`${left.length} processes of ${name} are left over`);
  }
}

/** What it holds once the number of its sockets has come down. */
async function quietHolding(world: World, name: string): Promise<Holding> {
  const pid = world.actor(name).run?.process.pid ?? 0;
  let least = holdingOf(pid);
  let calmSince = performance.now();
  const from = calmSince;
  while (performance.now() - from < QUIET_MS && performance.now() - calmSince < QUIET_MS / 6) {
    await pause(LOOK_MS);
    const now = holdingOf(pid);
    if (now.sockets < least.sockets) calmSince = performance.now();
    least = now.sockets <= least.sockets ? now : least;
  }
  return least;
}

function holdingOf(pid: number): Holding {
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => targetOf(`/proc/${pid}/fd/${fd}`));
  const sockets = targets.filter((target) => target.startsWith("socket:")).length;
  return { handles: targets.length, sockets, bytes: treePrivateBytes(pid) };
}

/** Empty once it is closed. */
function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function describe({ handles, sockets, bytes }: Holding): string {
  return `${handles} handles, ${sockets} of them sockets, ${(bytes / 1024 ** 2).toFixed(0)} MiB`;
}
