import envPaths from "env-paths";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as v from "valibot";
import { optionNames, parseCommandLine, type ParsedCommandLine } from "./cli.js";
import { readConfigFile } from "./settings/config-file.js";
import { EXIT, exitCodeOf, type ExitCode } from "./exit-codes.js";
import { trustAuthorities } from "./net/trusted-authorities.js";
import { Output } from "./terminal/output.js";
import { Settings } from "./settings/settings.js";
import { Shutdown } from "./terminal/shutdown.js";

/** What still holds the process after its work is done (a stuck socket) is cut off after this long. */
const LINGER_MS = 2_000;

/** Runs the command line `argv` (without node and script) and sets the process's exit code; never rejects. */
export async function main(argv: readonly string[]): Promise<void> {
  const output = new Output(process.stdout, process.stderr);
  // Until the flags are parsed: a mistake in them still has to be told in the way that was asked for.
  output.configure({
    json: argv.includes("--json"),
    quiet: false,
    verbose: argv.includes("--verbose"),
    color: hasColor(process.env),
  });
  process.exitCode = await run(argv, output);
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

async function run(argv: readonly string[], output: Output): Promise<ExitCode> {
  try {
    const version = readVersion();
    const parsed = await parseCommandLine(argv, version);
    if (parsed.kind === "command") return await runCommand(parsed.line, output, version);
    process.stdout.write(`${parsed.text}\n`);
    return EXIT.done;
  } catch (error) {
    output.error(error);
    return exitCodeOf(error);
  }
}

async function runCommand(line: ParsedCommandLine, output: Output, version: string): Promise<ExitCode> {
  const settings = await readSettings(line.flags);
  output.configure({
    json: settings.flag("json"),
    quiet: settings.flag("quiet"),
    verbose: settings.flag("verbose"),
    color: hasColor(process.env),
  });
  const authorities = settings.text("ca");
  if (authorities !== undefined) await trustAuthorities(authorities);
  const shutdown = new Shutdown(() => {
    output.live([]);
    output.note("Stopping… (once more to quit at once)");
  });
  try {
    const run = await line.spec.load();
    const code = await run({ args: line.args, settings, output, shutdown, version, stdin: process.stdin });
    return shutdown.requested && code === EXIT.done ? EXIT.interrupted : code;
  } catch (error) {
    if (shutdown.requested) return EXIT.interrupted;
    throw error;
  } finally {
    output.live([]);
    shutdown.dispose();
  }
}

async function readSettings(flags: Readonly<Record<string, unknown>>): Promise<Settings> {
  const explicit = new Settings({ flags, env: process.env, file: {} }).text("config");
  const path = explicit ?? join(envPaths("shoal", { suffix: "" }).config, "config.json");
  return new Settings({
    flags,
    env: process.env,
    file: await readConfigFile(path, optionNames(), explicit !== undefined),
  });
}

function hasColor(env: NodeJS.ProcessEnv): boolean {
  return process.stderr.isTTY && !env.NO_COLOR && env.TERM !== "dumb";
}

function readVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)("shoal/package.json");
  return v.parse(v.object({ version: v.string() }), manifest).version;
}
