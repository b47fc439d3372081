import type { ConfigValues } from "./config-file.js";
import { UsageError } from "../usage-error.js";

export interface SettingSources {
  /** What was typed, by option name in camelCase. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: NodeJS.ProcessEnv;
  readonly file: ConfigValues;
}

interface Found {
  readonly values: readonly string[];
  /** For messages: "--up", "SHOAL_UP", or "up in the configuration file". */
  readonly origin: string;
}

/** Names of environment variables that do not follow from their option's name. */
const ENVIRONMENT_NAMES: Readonly<Record<string, string>> = { tracker: "SHOAL_TRACKERS" };

/** The options of one run: a flag wins over the environment (`SHOAL_…`, empty counts as unset), that over the file. */
export class Settings {
  readonly #sources: SettingSources;

  constructor(sources: SettingSources) {
    this.#sources = sources;
  }

  /** The option's last value; undefined when it is set nowhere. */
  text(option: string): string | undefined {
    return this.#find(option)?.values.at(-1);
  }

  /** All values of a repeatable option (the environment separates them by commas). */
  list(option: string): readonly string[] {
    return this.#find(option)?.values ?? [];
  }

  /** Values from flags alone, where the environment must not be read. */
  flagList(option: string): readonly string[] {
    return toTexts(this.#sources.flags[option]);
  }

  flag(option: string): boolean {
    const found = this.#find(option);
    const value = found?.values.at(-1)?.toLowerCase();
    if (value === undefined || ["false", "0", "no", "off"].includes(value)) return false;
    if (["true", "1", "yes", "on"].includes(value)) return true;
    throw new UsageError(`${found?.origin ?? option}: "${value}" is neither true nor false`);
  }

  /** The option's value through `parse`, whose complaint then names where the value came from. */
  parsed<T>(option: string, parse: (text: string) => T): T | undefined {
    const found = this.#find(option);
    const text = found?.values.at(-1);
    if (found === undefined || text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof UsageError) throw new UsageError(`${found.origin}: ${error.message}`);
      throw error;
    }
  }

  /** The option's value when it is one of `choices`. */
  choice<T extends string>(option: string, choices: readonly T[]): T | undefined {
    return this.parsed(option, (text) => {
      const choice = choices.find((each) => each === text);
      if (choice === undefined) throw new UsageError(`"${text}" is not one of ${choices.join(", ")}`);
      return choice;
    });
  }

  #find(option: string): Found | undefined {
    const flag = this.#sources.flags[option];
    if (flag !== undefined) return { values: toTexts(flag), origin: `--${toKebab(option)}` };
    const name = ENVIRONMENT_NAMES[option] ?? `SHOAL_${toKebab(option).replaceAll("-", "_").toUpperCase()}`;
    const env = this.#sources.env[name]?.trim();
    if (env) return { values: splitList(env), origin: name };
    const file = this.#sources.file[option];
    return file === undefined ? undefined : { values: toTexts(file), origin: `"${option}" in the configuration file` };
  }
}

function toTexts(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(toTexts);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? [String(value)] : [];
}

function splitList(text: string): readonly string[] {
  const parts = text.split(",").map((part) => part.trim());
  return parts.filter((part) => part !== "");
}

function toKebab(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
