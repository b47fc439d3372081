import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readReport, type RoomReport } from "./mutation-report.js";
import { roomNamed, ROOMS, type MutatedRoom } from "./rooms.js";

/** Of the mutants, this share has to be noticed by the tests. */
const LEAST_SCORE = 0.85;
/** Added by Stryker to what the tests take unmutated: what hangs is ended then. */
const PATIENCE_MS = 10_000;

const OPTIONS = {
  /** Of the rooms' files only those that have this in their path. */
  only: { type: "string", default: "" },
  /** Keeps what is known of the last run about code and tests that are the same as then. */
  again: { type: "boolean", default: false },
  /** Processes at a time; as many as there are cores when left out. */
  jobs: { type: "string" },
} as const;

interface Choice {
  readonly again: boolean;
  readonly jobs?: string;
}

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const rooms = positionals.length === 0 ? ROOMS : positionals.map(roomNamed);
  if (!existsSync(join(here, "node_modules"))) await run("npm", ["ci"], here);
  const reports: RoomReport[] = [];
  for (const room of rooms) {
    const report = await mutate(withFiles(room, values.only), values);
    for (const survivor of report.survivors) console.log(survivor);
    console.log(`${room.name}: ${summary([report])}`);
    reports.push(report);
  }
  console.log(summary(reports));
  process.exitCode = reports.every(({ killed, mutants }) => killed >= LEAST_SCORE * mutants) ? 0 : 1;
}

/** @throws Error when no file of the room is called so. */
function withFiles(room: MutatedRoom, only: string): MutatedRoom {
  const files = room.mutate.filter((file) => file.includes(only));
  if (files.length === 0) throw new Error(`No file of ${room.name} is called ${only}`);
  return { ...room, mutate: files };
}

function summary(reports: readonly RoomReport[]): string {
  const mutants = reports.reduce((sum, report) => sum + report.mutants, 0);
  const killed = reports.reduce((sum, report) => sum + report.killed, 0);
  return `${mutants} mutants, ${mutants - killed} survived, ${((100 * killed) / mutants).toFixed(1)} % killed`;
}

/** @throws Error when the tests fail before anything is mutated, or Stryker does. */
async function mutate(room: MutatedRoom, choice: Choice): Promise<RoomReport> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-mutation-"));
  try {
    const report = join(folder, "report.json");
    const config = join(folder, "stryker.json");
    await writeFile(config, JSON.stringify({ ...strykerOptions(room, folder, report), ...chosen(room, choice) }));
    await run(join(here, "node_modules/.bin/stryker"), ["run", config], root, { SHOAL_MUTATED_ROOM: room.name });
    return await readReport(report, room.mutate);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function chosen(room: MutatedRoom, choice: Choice): object {
  return {
    incremental: true,
    incrementalFile: join(here, "last", `${room.name}.json`),
    force: !choice.again,
    ...(choice.jobs !== undefined && { concurrency: Number(choice.jobs) }),
  };
}

function strykerOptions(room: MutatedRoom, folder: string, report: string): object {
  return {
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner"],
    // Stryker knows which tests reach what: that vitest finds out for each mutant what imports what only takes time.
    vitest: { configFile: "tests/mutation/vitest.config.ts", related: false },
    coverageAnalysis: "perTest",
    mutate: room.mutate,
    // What an error says is for people to judge.
    mutator: { excludedMutations: ["StringLiteral"] },
    ignorePatterns: ["**/dist", "docs", "web"],
    tempDirName: join(folder, "sandbox"),
    reporters: ["json", "progress-append-only"],
    jsonReporter: { fileName: report },
    timeoutMS: PATIENCE_MS,
  };
}

async function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code ?? "a signal"}`);
}

await main(process.argv.slice(2));
