import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";

/** Whether a `SmallDisk` can be made here: a mount needs root, in this system or in a namespace of our own. */
export const canMountDisks = spawnSync("unshare", ["-rm", "true"]).status === 0;

/** A file system of its own size in a mount namespace that lives until `close`. */
export class SmallDisk {
  readonly path: string;
  readonly #holder: ChildProcess;

  private constructor(path: string, holder: ChildProcess) {
    this.path = path;
    this.#holder = holder;
  }

  static async mount(path: string, mebibytes: number): Promise<SmallDisk> {
    await mkdir(path);
    // Ends with its input, so that nothing stays behind even if the test is killed.
    const script = `mount -t tmpfs -o size=${mebibytes}m none "$1" && echo ready && exec cat`;
    const holder = spawn("unshare", ["-rm", "sh", "-c", script, "sh", path], { stdio: ["pipe", "pipe", "inherit"] });
    await once(holder.stdout, "data");
    return new SmallDisk(path, holder);
  }

  /** What comes before a command that is to see the disk. */
  get prefix(): string[] {
    return ["nsenter", "-U", "-m", "--preserve-credentials", "-t", String(this.#holder.pid), "--"];
  }

  /** Where a process that does not see the disk finds what is on it. */
  get outside(): string {
    return `/proc/${String(this.#holder.pid)}/root${this.path}`;
  }

  /** Output of a shell script in which "$1" is the disk; a command that fails does not stop it. */
  sh(script: string): string {
    const args = [...this.prefix.slice(1), "sh", "-c", script, "sh", this.path];
    return execFileSync("nsenter", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  }

  close(): void {
    this.#holder.stdin?.end();
  }
}
