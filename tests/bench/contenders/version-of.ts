import { spawnSync } from "node:child_process";

/** What a program says of its version, on whichever output. Throws Error when it cannot be run. */
export function versionOf(command: string, args: readonly string[], pattern: RegExp): string {
  const { stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", timeout: 10_000 });
  if (error) throw new Error(`${command} cannot be run: ${error.message}`);
  const version = pattern.exec(stdout + stderr)?.[1];
  if (version === undefined) throw new Error(`${command} ${args.join(" ")} says: ${(stdout + stderr).slice(0, 200)}`);
  return version;
}
