/** `npm run bench`: measures Shoal against other people's programs. Needs Linux and a build. */
import { existsSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BENCHMARKS } from "./benchmarks.js";
import type { Benchmark } from "./benchmark.js";
import { describeMachine } from "./machine.js";
import { MeasuredProcess } from "./process/measured-process.js";
import { parseOptions, type BenchOptions } from "./options.js";
import { repositoryPath } from "./repository.js";
import { formatTable, replaceSection } from "./report.js";

const USAGE = `Usage: npm run bench -- [NAME…] [--quick] [--runs N] [--size MIB] [--folder DIR] [--output FILE]

Measures Shoal against other people's programs, on loopback, in turns, and prints the medians.
Five runs or more with 1 GiB or more are also written to docs/benchmarks.md.

${BENCHMARKS.map(({ name, title }) => `  ${name.padEnd(12)} ${title}`).join("\n")}
`;

const DOCUMENT = repositoryPath("docs/benchmarks.md");

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), DOCUMENT);
  if (options.isHelp) {
    process.stdout.write(USAGE);
    return;
  }
  const folder = await mkdtemp(join(options.folder ?? tmpdir(), "shoal-bench-"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => giveUp(folder));
  try {
    for (const benchmark of chosen(options.names)) await measure(benchmark, options, folder).catch(fail);
  } finally {
    MeasuredProcess.killAll();
    await rm(folder, { recursive: true, force: true });
  }
}

function chosen(names: readonly string[]): readonly Benchmark[] {
  const unknown = names.find((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  if (unknown !== undefined)
    throw new Error(`No benchmark is called ${unknown}; there are ${BENCHMARKS.map(({ name }) => name).join(", ")}`);
  return BENCHMARKS.filter(({ name }) => names.length === 0 || names.includes(name));
}

async function measure(benchmark: Benchmark, options: BenchOptions, parent: string): Promise<void> {
  const folder = join(parent, benchmark.name);
  await mkdir(folder);
  const say = (text: string) => void process.stderr.write(`${benchmark.name}: ${text}\n`);
  const machine = await describeMachine(folder);
  const tables = await benchmark.run({
    runs: options.runs,
    bytes: options.bytes,
    isQuick: options.isQuick,
    folder,
    say,
  });
  await rm(folder, { recursive: true, force: true });
  const facts = `${new Date().toISOString().slice(0, 10)}, \`${commandOf(benchmark, options)}\`: ${machine}.`;
  const content = `## ${benchmark.title}\n\n${facts}\n\n${tables.map(formatTable).join("\n")}`;
  process.stdout.write(`${content}\n`);
  if (options.output !== undefined) await publish(options.output, benchmark.name, content);
}

/** What gives these figures again. */
function commandOf(benchmark: Benchmark, { runs, bytes, isQuick }: BenchOptions): string {
  return `npm run bench -- ${benchmark.name}${isQuick ? " --quick" : ""} --runs ${runs} --size ${bytes / 1024 ** 2}`;
}

async function publish(file: string, name: string, content: string): Promise<void> {
  const document = existsSync(file) ? await readFile(file, "utf8") : "# Benchmarks\n";
  await writeFile(file, replaceSection(document, name, content));
}

function giveUp(folder: string): void {
  MeasuredProcess.killAll();
  rmSync(folder, { recursive: true, force: true });
  process.exit(130);
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

await main().catch(fail);
