import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";

/** Candidates and the part of the line that they replace, as readline takes them. */
export type Completion = [candidates: string[], replaced: string];

export interface CompletionSources {
  readonly commands: readonly string[];
  /** Names in the catalogue that begin with or hold `prefix`. */
  readonly shareNames: (prefix: string) => Promise<readonly string[]>;
  /** Names of what is being shared or got. */
  readonly runningNames: () => readonly string[];
}

/** Completes a line of the interactive client: commands, local paths after `upload`, names after `download` and `cancel`. */
export async function completeLine(line: string, sources: CompletionSources): Promise<Completion> {
  const match = /^\s*(\S+)\s+(.*)$/s.exec(line);
  if (!match)
    return matching(
      sources.commands.map((command) => `${command} `),
      line.trimStart(),
    );
  const [, command = "", argument = ""] = match;
  switch (command) {
    case "upload":
      return matching(await pathsFor(argument), argument);
    case "download":
    case "info":
      return matching(await sources.shareNames(argument), argument);
    case "cancel":
      return matching(["all", ...sources.runningNames()], argument);
    default:
      return [[], argument];
  }
}

function matching(candidates: readonly string[], prefix: string): Completion {
  return [[...new Set(candidates)].filter((candidate) => candidate.startsWith(prefix)), prefix];
}

/** Paths that begin with `prefix`, folders with a final "/". */
async function pathsFor(prefix: string): Promise<readonly string[]> {
  const typed = prefix.endsWith("/")
    ? prefix
    : dirname(prefix) === "." && !prefix.startsWith("./")
      ? ""
      : `${dirname(prefix).replace(/\/$/, "")}/`;
  const folder = expandHome(typed === "" ? "." : typed);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const hidden = basename(prefix).startsWith(".");
  return entries
    .filter((entry) => hidden || !entry.name.startsWith("."))
    .map((entry) => typed + entry.name + (entry.isDirectory() ? "/" : ""));
}

/** "~/x" as the shell would have read it. */
export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}
