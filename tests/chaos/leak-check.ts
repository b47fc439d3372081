import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { treePrivateBytes } from "../bench/process/process-tree.js";
import type { World } from "./world.js";

/** Files of pieces that a cache may keep open (`open-file-cache`). */
const MOST_PIECE_FILES = 128;
/** What is opened when it is first used: threads, the tracker's database. */
const MORE_HANDLES = 12;
/** What a heap of V8 keeps of a busy time before it is collected, buffers of frames and pieces that are used again. */
const MORE_BYTES = 96 * 1024 * 1024;
/** Links of those who have gone are closed by then, in hurried time half an hour. */
const QUIET_MS = 60_000;
/** When nothing was closed for so long, nothing will be: six hurried minutes. */
const CALM_MS = 12_000;
/** A fresh one has nothing to close but what it asked at its start. */
const FRESH_MS = 3_000;
const LOOK_MS = 500;

/** Columns of `/proc/net/tcp`: both ends as hexadecimal address and port, the state, and the socket's number. */
const TCP_LINE = /^\s*\d+: \S+:([0-9A-F]{4}) \S+:([0-9A-F]{4}) (\S\S) (?:\S+ +){5}(\d+)/;

interface Holding {
  /** "OWN PORT to OTHER PORT, STATE" of each TCP socket. */
  readonly links: readonly string[];
  readonly sockets: number;
  readonly pieceFiles: number;
  /** All others. */
  readonly handles: number;
  readonly bytes: number;
}

/**
 * With everybody else gone, hub and relay hold what a fresh one holds: no more sockets, and hardly more files and memory.
 * Starts them anew to compare.
 */
export async function expectNoLeaks(world: World): Promise<void> {
  await world.tab?.close();
  for (const actor of world.actors.values())
    if (actor.role === "seeder" || actor.role === "downloader") await actor.end("SIGINT");
  // A relay stays with a share for two minutes after the last peer has left. Both hurry: to one that does alone, the other
  // is silent for so long that their link is given up, and each new one counts as somebody who has come.
  for (const name of ["relay", "hub"] as const) world.actor(name).hurry();
  // The relay is at the hub's tracker and would be missed by a fresh one.
  for (const name of ["relay", "hub"] as const) {
    const actor = world.actor(name);
    const used = await quietHolding(world, name, CALM_MS);
    const carried = await carriedBy(world, name);
    await actor.end("SIGINT");
    actor.start();
    await actor.run?.process.event("serving");
    const fresh = await quietHolding(world, name, FRESH_MS);
    world.ledger.say(`${name}: ${describe(used)} at the end, ${describe(fresh)} when fresh`);
    if (used.sockets > fresh.sockets)
      world.ledger.complain(
        `${name} has ${used.sockets} sockets, ${fresh.sockets} when fresh: ${used.links.join("; ")} (${describePorts(world)}; ${carried})`,
      );
    if (used.pieceFiles > MOST_PIECE_FILES) world.ledger.complain(`${name} keeps ${used.pieceFiles} pieces open`);
    if (used.handles > fresh.handles + MORE_HANDLES)
      world.ledger.complain(`${name} has ${used.handles} other handles, ${fresh.handles} when fresh`);
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
async function quietHolding(world: World, name: string, calmMs: number): Promise<Holding> {
  const pid = world.actor(name).run?.process.pid ?? 0;
  let least = holdingOf(pid);
  let calmSince = performance.now();
  const from = calmSince;
  while (performance.now() - from < QUIET_MS && performance.now() - calmSince < calmMs) {
    await pause(LOOK_MS);
    const now = holdingOf(pid);
    if (now.sockets < least.sockets) calmSince = performance.now();
    least = now.sockets <= least.sockets ? now : least;
  }
  return least;
}

function holdingOf(pid: number): Holding {
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => targetOf(`/proc/${pid}/fd/${fd}`));
  const sockets = targets.filter((target) => target.startsWith("socket:"));
  const pieceFiles = targets.filter((target) => /\/cache\/[0-9a-f]{40}\/\d+/.test(target)).length;
  return {
    sockets: sockets.length,
    links: linksOf(sockets),
    pieceFiles,
    handles: targets.length - sockets.length - pieceFiles,
    bytes: treePrivateBytes(pid),
  };
}

function linksOf(sockets: readonly string[]): string[] {
  const own = new Set(sockets.map((target) => /\d+/.exec(target)?.[0]));
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) =>
    readFileSync(path, "utf8")
      .split("\n")
      .flatMap((line) => {
        const [, near = "", far = "", state = "", inode] = TCP_LINE.exec(line) ?? [];
        return own.has(inode) ? [`${parseInt(near, 16)} to ${parseInt(far, 16)}, ${state}`] : [];
      }),
  );
}

/** What the relay of a hub says that it does. */
async function carriedBy(world: World, name: "relay" | "hub"): Promise<string> {
  const metrics = await (await fetch(new URL("metrics", world.url(name)))).text();
  return (metrics.match(/^shoal_relay_(links|shares|wanted\w*) \S+$/gm) ?? []).join(", ");
}

/** Which port leads where. */
function describePorts(world: World): string {
  return world.lines.map(({ name, port }) => `${port} ${name}`).join(", ");
}

/** Empty once it is closed. */
function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function describe({ handles, pieceFiles, sockets, bytes }: Holding): string {
  return `${sockets} sockets, ${pieceFiles} pieces and ${handles} others open, ${(bytes / 1024 ** 2).toFixed(0)} MiB`;
}
