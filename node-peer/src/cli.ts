import { Command, CommanderError, Option } from "commander";
import type { CommandSpec, OptionSpec } from "./commands/command-spec.js";
import { commands } from "./commands/command-table.js";
import { UsageError } from "./usage-error.js";

const commonOptions: readonly OptionSpec[] = [
  {
    flags: "--tracker <url>",
    description:
      "hub, or HTTP or UDP tracker, to use; repeatable (default: SHOAL_TRACKERS, else ws://localhost:8000/announce)",
    repeatable: true,
  },
  { flags: "--up <rate>", description: "upload limit per second, e.g. 2M or 500K; 0 for none" },
  { flags: "--down <rate>", description: "download limit per second" },
  { flags: "--data <dir>", description: "data folder: remembered hashes, owner tokens, a hub's catalogue" },
  {
    flags: "--ca <file>",
    description: "certificates in PEM format to trust for https:// and wss://, besides the usual",
  },
  { flags: "--config <file>", description: "JSON file with options by their long names" },
  { flags: "--json", description: "one JSON object a line on standard output" },
  { flags: "-q, --quiet", description: "print data and errors only" },
  { flags: "-v, --verbose", description: "say more; errors with their stack" },
];

const INTRODUCTION = `Shares files between peers: the BitTorrent protocol over WebSocket.

Examples:
  shoal serve                        run a hub: tracker, relay and page on one port
  shoal upload holiday/ song.flac    share; prints the links; seeds until Ctrl-C
  shoal download song.flac           by name, link, magnet or .torrent
  shoal search holiday`;

/** A command line understood: which command, with which words and flags. */
export interface ParsedCommandLine {
  readonly spec: CommandSpec;
  readonly args: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
}

export type ParseResult =
  { readonly kind: "command"; readonly line: ParsedCommandLine } | { readonly kind: "text"; readonly text: string };

/** Parses the words after `shoal`; help and version come back as text. Throws UsageError. */
export async function parseCommandLine(argv: readonly string[], version: string): Promise<ParseResult> {
  let line: ParsedCommandLine | undefined;
  let text = "";
  const program = buildProgram(version, (parsed) => (line = parsed));
  for (const each of [program, ...program.commands]) {
    each.exitOverride().configureOutput({ writeOut: (part) => (text += part), writeErr: () => undefined });
  }
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new UsageError(usageMessage(error, argv));
  }
  return line ? { kind: "command", line } : { kind: "text", text: text.trimEnd() };
}

/** Every option name in camelCase: what a configuration file may hold. */
export function optionNames(): ReadonlySet<string> {
  const specs = [...commonOptions, ...commands.flatMap((command) => command.options)];
  return new Set(specs.filter((spec) => !spec.unavailable).map((spec) => new Option(spec.flags).attributeName()));
}

function buildProgram(version: string, onCommand: (line: ParsedCommandLine) => void): Command {
  const program = new Command("shoal").description(INTRODUCTION).version(version, "-V, --version", "print the version");
  program.usage("COMMAND [OPTIONS]").helpCommand("help [command]", "explain a command").showSuggestionAfterError(true);
  program.configureHelp({ showGlobalOptions: true });
  for (const option of commonOptions) program.addOption(toOption(option));
  for (const spec of commands) addCommand(program, spec, onCommand);
  return program;
}

function addCommand(program: Command, spec: CommandSpec, onCommand: (line: ParsedCommandLine) => void): void {
  const command = program
    .command(spec.name)
    .aliases([...spec.aliases])
    .summary(spec.summary);
  command.description(
    `${spec.summary}\n\nExamples:\n${spec.examples.map((example) => `  shoal ${example}`).join("\n")}`,
  );
  if (spec.arguments !== "") command.arguments(spec.arguments);
  for (const option of spec.options) command.addOption(toOption(option));
  command.configureHelp({ showGlobalOptions: true });
  command.action(() => {
    const flags = command.optsWithGlobals<Record<string, unknown>>();
    refuseUnavailable(spec, flags);
    onCommand({ spec, args: command.args, flags });
  });
}

function toOption(spec: OptionSpec): Option {
  const option = new Option(
    spec.flags,
    spec.unavailable ? `${spec.description} (not available yet)` : spec.description,
  );
  if (spec.repeatable)
    option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  return option;
}

function refuseUnavailable(spec: CommandSpec, flags: Readonly<Record<string, unknown>>): void {
  for (const option of spec.options) {
    if (!option.unavailable || flags[new Option(option.flags).attributeName()] === undefined) continue;
    throw new UsageError(`${option.flags.split(" ")[0] ?? option.flags} is not available yet`);
  }
}

function usageMessage(error: CommanderError, argv: readonly string[]): string {
  if (error.code === "commander.help") return `Which command? See: shoal --help`;
  const command = commands.find((each) => [each.name, ...each.aliases].some((name) => argv.includes(name)));
  const message = error.message.replace(/^error: /, "").replace(/\n\((.*)\)$/, " ($1)");
  return `${message}\nSee: shoal ${command && error.code !== "commander.unknownCommand" ? `${command.name} ` : ""}--help`;
}
