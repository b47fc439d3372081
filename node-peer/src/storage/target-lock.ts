import { randomBytes } from "node:crypto";
import { link, open, readdir, readFile, readlink, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ShoalError } from "@shoal/peer-core";
import { diskError, errnoOf } from "./disk-error.js";

/** How often a holder shows that it lives, for those that cannot see its process (containers, network disks). */
const HEARTBEAT_MS = 15_000;

/** A lock of a process that cannot be seen is dead after four missed heartbeats. */
const DEAD_AFTER_MS = 60_000;

/** Taking over takes milliseconds; whoever has not done it by then was killed while at it. */
const TAKEOVER_MS = 10_000;
const RETRY_MS = 20;
/** Long enough to outlast an abandoned takeover. */
const ATTEMPTS = (2 * TAKEOVER_MS) / RETRY_MS;

/** A lock that is being made has its name and this. */
const TEMPORARY = /\.[0-9a-f]{12}$/;

/** Who holds a lock. `world` names host, boot and process namespace: within one, process ids can be compared. */
interface Holder {
  readonly pid: number;
  readonly started: string;
  readonly world: string;
  readonly host: string;
}

/** Makes sure that one process at a time works on a download. The lock of a process that died is taken over. */
export class TargetLock {
  readonly #path: string;
  readonly #text: string;
  readonly #heartbeat: NodeJS.Timeout;

  private constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
    this.#heartbeat = setInterval(() => {
      const now = new Date();
      utimes(path, now, now).catch(() => undefined);
    }, HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  /** Rejects with ShoalError "exists" while another process, or another store of this one, holds the lock. */
  static async take(path: string): Promise<TargetLock> {
    const text = JSON.stringify(await describeSelf());
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (await create(path, text)) {
          await removeAbandoned(path);
          return new TargetLock(path, text);
        }
        await removeIfStale(path);
      }
    } catch (error) {
      throw diskError(error, "lock", path);
    }
    throw new ShoalError("exists", `Another process keeps taking the lock ${path}; try again`);
  }

  /** Gives the lock back, unless it was taken away meanwhile. */
  async release(): Promise<void> {
    clearInterval(this.#heartbeat);
    const text = await readFile(this.#path, "utf8").catch(() => undefined);
    if (text === this.#text) await rm(this.#path, { force: true }).catch(() => undefined);
  }
}

/** Makes the lock with its content in one step, so that nobody reads an empty one. False when there is one already. */
async function create(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}`;
  const handle = await open(temporary, "wx");
  try {
    await handle.writeFile(text);
    await handle.close();
    await link(temporary, path).catch((error: unknown) => linkless(error, path, text));
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
  }
}

/** Removes what processes that were killed while they made a lock here have left behind. Never rejects. */
async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(`${basename(path)}.`) || !TEMPORARY.test(name)) continue;
    const temporary = join(folder, name);
    const text = await readFile(temporary, "utf8").catch(() => undefined);
    if (text !== undefined && !(await isHeld(temporary, text)))
      await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** File systems without hard links (FAT): the lock is empty for a moment and then counts as held. */
async function linkless(error: unknown, path: string, text: string): Promise<void> {
  if (errnoOf(error) === "EEXIST") throw error;
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
}

/** Removes a lock whose holder is gone; throws ShoalError "exists" when it is held. */
async function removeIfStale(path: string): Promise<void> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return;
  if (await isHeld(path, text)) {
    throw new ShoalError(
      "exists",
      `This share is being downloaded there already by process ${parseHolder(text)?.pid ?? "?"} (${path}); ` +
        "choose another folder, or wait for it",
    );
  }
  await withTakeover(path, async () => {
    // Another one may have taken it over meanwhile, and it is that one's now.
    if ((await readFile(path, "utf8").catch(() => undefined)) === text) await rm(path, { force: true });
  });
}

/** Runs `work` unless somebody else is taking over the same lock: of two, the later would remove the former's new lock. */
async function withTakeover(path: string, work: () => Promise<void>): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await create(guard, ""))) {
    const stats = await stat(guard).catch(() => undefined);
    if (stats !== undefined && Date.now() - stats.mtimeMs > TAKEOVER_MS) await rm(guard, { force: true });
    await delay(RETRY_MS);
    return;
  }
  try {
    await work();
  } finally {
    await rm(guard, { force: true });
  }
}

async function isHeld(path: string, text: string): Promise<boolean> {
  const holder = parseHolder(text);
  const self = await describeSelf();
  if (holder?.world === self.world) {
    return isRunning(holder.pid) && (await startOf(holder.pid)) === holder.started;
  }
  // The same host under another boot id has been started anew since.
  if (holder?.host === self.host && bootOf(holder.world) !== bootOf(self.world)) return false;
  const stats = await stat(path).catch(() => undefined);
  return stats !== undefined && Date.now() - stats.mtimeMs < DEAD_AFTER_MS;
}

async function describeSelf(): Promise<Holder> {
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "latin1").catch(() => hostname())).trim();
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  return { pid: process.pid, started: await startOf(process.pid), world: `${boot} ${namespace}`, host: hostname() };
}

function bootOf(world: string): string {
  return world.split(" ")[0] ?? "";
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === "EPERM";
  }
}

/** When a process started, in ticks since boot (Linux; "" elsewhere): tells it from a later one with the same id. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  // The name in parentheses may hold anything; after it come the state, and 19 fields later the start time.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const isZombie = fields[0] === "Z" || fields[0] === "X";
  return isZombie ? "ended" : (fields[19] ?? "");
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { pid, started, world, host } = value as Record<string, unknown>;
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid <= 0) return undefined;
    if (typeof started !== "string" || typeof world !== "string" || typeof host !== "string") return undefined;
    return { pid, started, world, host };
  } catch {
    return undefined;
  }
}
