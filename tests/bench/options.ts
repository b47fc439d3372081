import { parseArgs } from "node:util";
import { MIB } from "./sizes.js";

/** What was asked for on the command line. */
export interface BenchOptions {
  /** Names of benchmarks; none: all. */
  readonly names: readonly string[];
  readonly runs: number;
  readonly bytes: number;
  readonly isQuick: boolean;
  /** Where temporary files go; undefined: the system's folder for them. */
  readonly folder: string | undefined;
  /** Markdown file that receives the tables; undefined: they are printed only. */
  readonly output: string | undefined;
  readonly isHelp: boolean;
}

/** Fewer are not worth writing down. */
const RUNS_TO_PUBLISH = 5;

const DEFAULT_MIB = 1024;

/** Reads the arguments; `document` is where figures worth keeping go. Throws Error with what is wrong. */
export function parseOptions(args: readonly string[], document: string): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: { type: "string" },
      size: { type: "string" },
      quick: { type: "boolean", default: false },
      folder: { type: "string" },
      output: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const isQuick = values.quick;
  const runs = count("--runs", values.runs ?? (isQuick ? "1" : String(RUNS_TO_PUBLISH)));
  const sizeMib = count("--size", values.size ?? (isQuick ? "16" : String(DEFAULT_MIB)));
  const isWorthKeeping = !isQuick && runs >= RUNS_TO_PUBLISH && sizeMib >= DEFAULT_MIB;
  return {
    names: positionals,
    runs,
    bytes: sizeMib * MIB,
    isQuick,
    folder: values.folder,
    output: values.output ?? (isWorthKeeping ? document : undefined),
    isHelp: values.help,
  };
}

function count(option: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`${option} takes a whole number from 1, not "${text}"`);
  return Number(text);
}
