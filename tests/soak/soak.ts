import { setTimeout as pause } from "node:timers/promises";
import { writeContent } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import type { ProcessBed } from "../support/processes.js";
import { Crowd, type CrowdTally } from "./crowd.js";
import { HubWatch } from "./hub-watch.js";
import type { Trend } from "./regression.js";

const MIB = 1024 * 1024;
/** The working set: three times what the relay's cache holds. */
const SHARES = 24;
const SHARE_BYTES = MIB;
const CACHE_BYTES = (SHARES * SHARE_BYTES) / 3;
const CROWDS = 4;
/** One crowd is killed with all its peers this often, and another one comes. */
const KILL_MS = 60_000;
/** Caches fill and code is compiled meanwhile: what grows then does not go on growing. */
const WARM_UP = 0.25;
/** A socket that is being closed is let go after this long at the latest; the catalogue and relay leave a share meanwhile. */
const DRAIN_MS = 90_000;
const LOOK_MS = 1_000;

export interface SoakOptions {
  readonly minutes: number;
  readonly peers: number;
  readonly say: (line: string) => void;
}

/** MiB, open files and sockets, and the sockets among them. */
export interface IdleHub {
  readonly memory: number;
  readonly handles: number;
  readonly sockets: number;
}

export interface SoakResult {
  readonly tally: CrowdTally;
  /** MiB per hour, and handles per hour, without the first quarter. */
  readonly memory: Trend | undefined;
  readonly handles: Trend | undefined;
  /** MiB and handles with nobody but the seeder there, before and after. */
  readonly idle: Readonly<Record<"before" | "after", IdleHub>>;
  readonly evicted: number;
  /** All that the hub has said besides that it serves. */
  readonly log: string;
}

/** A hub whose relay carries more than it can hold, to peers that come, go and vanish, for so many minutes. */
export async function soak(bed: ProcessBed, options: SoakOptions): Promise<SoakResult> {
  const hub = await TestHub.start(bed, ["--cache", String(CACHE_BYTES)]);
  const infoHashes = await share(bed, hub);
  const watch = new HubWatch(hub.process.pid);
  // The seeder's own links are part of both.
  await untilIdle(hub);
  const before = lookAtIdle(watch);
  const tally: CrowdTally = { got: 0, failed: 0, slowestMs: 0, reasons: [] };
  const fromMs = performance.now();
  await churn(hub, infoHashes, { ...options, tally, watch });
  const trends = watch.trendsSince(fromMs + WARM_UP * (performance.now() - fromMs));
  await untilIdle(hub);
  await untilSockets(watch, before.sockets);
  const after = lookAtIdle(watch);
  const evicted = await hub.relayed("evicted_pieces_total");
  watch.stop();
  const troubles = [...hub.process.all("warning"), ...hub.process.all("error")].map((event) => JSON.stringify(event));
  return { tally, ...trends, idle: { before, after }, evicted, log: [hub.process.said, ...troubles].join("") };
}

async function share(bed: ProcessBed, hub: TestHub): Promise<string[]> {
  const names = Array.from({ length: SHARES }, (_, index) => `share-${index}.bin`);
  for (const [index, name] of names.entries()) await writeContent(bed.path(name), SHARE_BYTES, index);
  const [first = "", ...others] = names;
  // Nobody can dial it: all goes through the relay.
  const seeder = hub.upload(first, ...others, "--no-listen");
  const infoHashes: string[] = [];
  for (const name of names) infoHashes.push((await seeder.event("shared", (event) => event.name === name)).infoHash);
  return infoHashes;
}

interface Churning extends SoakOptions {
  readonly tally: CrowdTally;
  readonly watch: HubWatch;
}

async function churn(hub: TestHub, infoHashes: readonly string[], options: Churning): Promise<void> {
  const { peers, minutes, tally, watch, say } = options;
  const order = { tracker: hub.tracker, infoHashes, peers: Math.ceil(peers / CROWDS) };
  const crowds = Array.from({ length: CROWDS }, () => new Crowd(order, tally));
  const endMs = performance.now() + minutes * 60_000;
  for (let turn = 0; performance.now() < endMs; turn++) {
    await pause(Math.min(KILL_MS, Math.max(0, endMs - performance.now())));
    const { memory, handles } = watch;
    say(`${turn + 1} min: ${memory.toFixed(1)} MiB, ${handles} handles, ${tally.got} got, ${tally.failed} failed`);
    if (performance.now() >= endMs) break;
    await crowds[turn % CROWDS]?.kill();
    crowds[turn % CROWDS] = new Crowd(order, tally);
  }
  await Promise.all(crowds.map((crowd) => crowd.leave()));
}

/** Resolves when nobody but the seeder is known; rejects when that takes too long: then somebody is not let go. */
async function untilIdle(hub: TestHub): Promise<void> {
  for (const fromMs = performance.now(); ;) {
    const [peers, seeds] = await Promise.all([hub.tracked("peers"), hub.tracked("seeds")]);
    const [links, shares] = await Promise.all([hub.relayed("links"), hub.relayed("shares")]);
    // The relay is a peer of each share that it carries.
    if (peers === SHARES + shares && seeds >= SHARES && links === SHARES) return;
    if (performance.now() - fromMs > DRAIN_MS)
      throw new Error(
        `The hub still knows ${peers} peers, ${seeds} of them seeds, with ${links} links, ${shares} carried`,
      );
    await pause(LOOK_MS);
  }
}

function lookAtIdle({ memory, handles, sockets }: HubWatch): IdleHub {
  return { memory, handles, sockets };
}

async function untilSockets(watch: HubWatch, most: number): Promise<void> {
  for (const fromMs = performance.now(); watch.sockets > most && performance.now() - fromMs < DRAIN_MS;)
    await pause(LOOK_MS);
}
