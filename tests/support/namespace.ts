import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ensureProgram } from "./programs.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** How a namespace is made and entered: as an ordinary user where the system lets us, else as its root. */
const WAYS = [
  { make: ["unshare", "-rn"], enter: ["nsenter", "-U", "-n", "--preserve-credentials"] },
  { make: ["unshare", "-n"], enter: ["nsenter", "-n"] },
];

const CAN_BRIDGE = "ip link add shoal0 type bridge && ip link add shoal1 type veth peer name shoal2";

/** Tells that it is there, then lives until its input ends: nothing stays behind even if who made it is killed. */
const HOLD = "echo ready && exec cat";

const way = await findWay();

/** Whether networks can be made here. Tests that need one say "needs network namespaces" in their names. */
export const canMakeNetworks = way !== undefined;

/** A network namespace, which lives as long as a process of ours or one that runs in it. */
export class Namespace {
  /** What comes before a command that is to run in it. */
  readonly under: readonly string[];
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
    this.under = [...(way?.enter ?? []), "-t", String(holder.pid), "--"];
  }

  /** A namespace, within another one or on its own. Throws Error where none can be made. */
  static async open(within?: Namespace): Promise<Namespace> {
    if (way === undefined) throw new Error("No network namespaces can be made here");
    const make = within === undefined ? way.make : [...within.under, "unshare", "-n"];
    return new Namespace(await startHeld([...make, "sh", "-c", HOLD]));
  }

  /** By which others put devices into it. */
  get pid(): number {
    return this.#holder.pid ?? 0;
  }

  /** Runs commands of `ip`, one a line; rejects with what it says when one fails. */
  async ip(commands: string): Promise<void> {
    await this.#run(["ip", "-batch", "-"], commands);
  }

  /** Runs commands of `tc`, one a line; rejects with what it says when one fails. */
  async tc(commands: string): Promise<void> {
    await this.#run(["tc", "-batch", "-"], commands);
  }

  async close(): Promise<void> {
    await endHeld(this.#holder);
  }

  async #run(command: readonly string[], input: string): Promise<void> {
    const [program = "", ...args] = [...this.under, ...command];
    const child = spawn(program, args, { stdio: ["pipe", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stdin.end(input);
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`${command.join(" ")} failed: ${said.trim()}`);
  }
}

/** Starts a process that lives until its input is ended; resolves when it has said that it is there. */
export async function startHeld([program = "", ...args]: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`${program} ${args.join(" ")} ended with ${String(code)}`);
  });
  await Promise.race([once(child.stdout, "data"), ended]);
  ended.catch(() => undefined);
  return child;
}

/** Ends the input of a process of `startHeld`, and resolves when it is gone. */
export async function endHeld(holder: ChildProcess): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null) return;
  holder.stdin?.end();
  await once(holder, "close");
}

async function findWay(): Promise<(typeof WAYS)[number] | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    await ensureProgram("ip", "iproute2");
  } catch {
    return undefined;
  }
  return WAYS.find(({ make: [program = "", ...args] }) => {
    return spawnSync(program, [...args, "sh", "-c", CAN_BRIDGE]).status === 0;
  });
}
