import type { ExitCode } from "../exit-codes.js";
import type { Output } from "../terminal/output.js";
import type { Settings } from "../settings/settings.js";
import type { Shutdown } from "../terminal/shutdown.js";

export interface OptionSpec {
  /** As commander reads it: "-o, --output <dir>". */
  readonly flags: string;
  readonly description: string;
  /** May be given several times; every value counts. */
  readonly repeatable?: boolean;
  /** Planned: recognised, and refused with exit code 2. */
  readonly unavailable?: boolean;
}

/** What a command works with: its words, its settings, its output, and the wish to stop. */
export interface CommandContext {
  readonly args: readonly string[];
  readonly settings: Settings;
  readonly output: Output;
  readonly shutdown: Shutdown;
  readonly version: string;
  readonly stdin: NodeJS.ReadStream;
}

/** Does a command's work. What it throws is printed and decides the exit code. */
export type RunCommand = (context: CommandContext) => Promise<ExitCode>;

/** One command as the command line knows it. */
export interface CommandSpec {
  readonly name: string;
  readonly aliases: readonly string[];
  /** As commander reads it: "<path...>". */
  readonly arguments: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  /** Command lines after the word `shoal`. */
  readonly examples: readonly string[];
  /** Loads what the command needs: each starts without the modules of the others. */
  load(): Promise<RunCommand>;
}
