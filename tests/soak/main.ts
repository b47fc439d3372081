/** `npm run soak`: a hub with churning peers for hours; is its memory flat, are its handles constant? Needs Linux and a build. */
import { parseArgs } from "node:util";
import { ProcessBed } from "../support/processes.js";
import type { Trend } from "./regression.js";
import { soak, type SoakResult } from "./soak.js";

const USAGE = `npm run soak -- [--minutes N] [--peers N]   (120 minutes with 100 peers when left out)`;

/** Growth that is called a leak, in MiB per hour, once it is beyond three times its error. */
const LEAK_MIB_PER_HOUR = 2;
/** Before that the heap has not found its size. */
const JUDGED_MINUTES = 20;
/** Files of the relay's cache that it keeps open, at most. */
const OPEN_CACHE_FILES = 128;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "120" },
    peers: { type: "string", default: "100" },
    help: { type: "boolean" },
  },
});
const minutes = Number(values.minutes);
const peers = Number(values.peers);
if (values.help === true || !(minutes > 0) || !(peers > 0)) {
  console.log(USAGE);
  process.exitCode = values.help === true ? 0 : 2;
} else {
  await run();
}

async function run(): Promise<void> {
  const bed = await ProcessBed.open();
  // The crowds end when this process does.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void bed.close().finally(() => process.exit(130)));
  try {
    const result = await soak(bed, { minutes, peers, say: (line) => console.log(line) });
    for (const line of describe(result)) console.log(line);
    const faults = faultsOf(result);
    for (const fault of faults) console.log(`FAULT: ${fault}`);
    process.exitCode = faults.length === 0 ? 0 : 1;
  } finally {
    await bed.close();
  }
}

function describe({ tally, memory, handles, idle, evicted }: SoakResult): string[] {
  const { before, after } = idle;
  return [
    `${minutes} minutes, ${peers} peers at once: ${tally.got} downloads, ${tally.failed} failed, the slowest ${(tally.slowestMs / 1_000).toFixed(1)} s`,
    `pieces evicted from the relay's cache: ${evicted}`,
    `private memory: ${trendLine(memory, "MiB")}; idle ${before.memory.toFixed(1)} MiB before, ${after.memory.toFixed(1)} after`,
    `handles: ${trendLine(handles, "handles")}; idle ${before.handles} before (${before.sockets} sockets), ${after.handles} after (${after.sockets})`,
  ];
}

function trendLine(trend: Trend | undefined, unit: string): string {
  if (trend === undefined) return "too short for a trend";
  const { first, last, perHour, error } = trend;
  return `${first.toFixed(1)} to ${last.toFixed(1)} ${unit}, ${perHour.toFixed(2)} ± ${error.toFixed(2)} ${unit} per hour`;
}

function faultsOf({ tally, memory, idle, evicted, log }: SoakResult): string[] {
  const faults: string[] = [];
  if (tally.got === 0) faults.push("nobody got anything");
  if (evicted === 0) faults.push("the cache was never full: this was no soak");
  if (tally.failed > 0) faults.push(`downloads failed: ${tally.reasons.join("; ")}`);
  if (minutes >= JUDGED_MINUTES && memory !== undefined && memory.perHour - 3 * memory.error > LEAK_MIB_PER_HOUR)
    faults.push("memory grows");
  if (idle.after.sockets > idle.before.sockets) faults.push("sockets are left open");
  if (idle.after.handles > idle.before.handles + OPEN_CACHE_FILES) faults.push("files are left open");
  if (log !== "") faults.push(`the hub said: ${log}`);
  return faults;
}
