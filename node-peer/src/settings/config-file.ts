import { messageOf, ShoalError } from "@shoal/peer-core";
import { readFile } from "node:fs/promises";
import { reasonOf } from "../storage/disk-error.js";
import * as v from "valibot";
import { UsageError } from "../usage-error.js";

/** Larger than any sensible configuration, small enough to be read whole. */
const MAX_CONFIG_BYTES = 256 * 1024;

const schema = v.pipe(
  v.custom<object>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    "Expected an object",
  ),
  v.record(v.string(), v.union([v.string(), v.number(), v.boolean(), v.array(v.string())])),
);

/** Values of a configuration file by option name in camelCase, e.g. `{"tracker": ["wss://…"], "up": "2M"}`. */
export type ConfigValues = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/**
 * Reads a JSON object whose keys are long option names in camelCase (`known`). An absent file is empty unless
 * `required`. Throws UsageError for anything malformed, ShoalError("source") when the file cannot be read.
 */
export async function readConfigFile(
  path: string,
  known: ReadonlySet<string>,
  required: boolean,
): Promise<ConfigValues> {
  const text = await readText(path, required);
  if (text === undefined) return {};
  if (text.length > MAX_CONFIG_BYTES)
    throw new UsageError(`${path} is too large for a configuration file (${text.length} bytes)`);
  const parsed = v.safeParse(schema, parseJson(path, text));
  if (!parsed.success) throw new UsageError(`${path}: ${v.summarize(parsed.issues)}`);
  for (const key of Object.keys(parsed.output)) {
    if (!known.has(key))
      throw new UsageError(
        `${path}: unknown key "${key}". Keys are long option names, as in {"tracker": ["ws://…"], "up": "2M"}`,
      );
  }
  return parsed.output;
}

async function readText(path: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (!required && error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new ShoalError("source", `Cannot read the configuration file ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${messageOf(error)}`);
  }
}
