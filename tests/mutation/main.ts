import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readReport, type RoomReport } from "./mutation-report.js";
import { roomNamed, ROOMS, type MutatedRoom } from "./rooms.js";

/** Of the mutants, this share has to be noticed by the tests. */
const LEAST_SCORE = 0.85;
/** Added by Stryker to what the tests take unmutated: what hangs is ended then. */
const PATIENCE_MS = 10_000;

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

async function main(names: readonly string[]): Promise<void> {
  const rooms = names.length === 0 ? ROOMS : names.map(roomNamed);
  if (!existsSync(join(here, "node_modules"))) await run("npm", ["ci"], here);
  const reports: RoomReport[] = [];
  for (const room of rooms) {
    const report = await mutate(room);
    for (const survivor of report.survivors) console.log(survivor);
    console.log(`${room.name}: ${summary([report])}`);
    reports.push(report);
  }
  console.log(summary(reports));
  process.exitCode = reports.every(({ killed, mutants }) => killed >= LEAST_SCORE * mutants) ? 0 : 1;
}

function summary(reports: readonly RoomReport[]): string {
  const mutants = reports.reduce((sum, report) => sum + report.mutants, 0);
  const killed = reports.reduce((sum, report) => sum + report.killed, 0);
  return `${mutants} mutants, ${mutants - killed} survived, ${((100 * killed) / mutants).toFixed(1)} % killed`;
}

/** @throws Error when the tests fail before anything is mutated, or Stryker does. */
async function mutate(room: MutatedRoom): Promise<RoomReport> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-mutation-"));
  try {
    const report = join(folder, "report.json");
    const config = join(folder, "stryker.json");
    await writeFile(config, JSON.stringify(strykerOptions(room, folder, report)));
    await run(join(here, "node_modules/.bin/stryker"), ["run", config], root, { SHOAL_MUTATED_ROOM: room.name });
    return await readReport(report);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function strykerOptions(room: MutatedRoom, folder: string, report: string): object {
  return {
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner"],
    vitest: { configFile: "tests/mutation/vitest.config.ts" },
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
