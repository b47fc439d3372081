import { readFileSync } from "node:fs";

/** What /proc counts CPU time in; the same on every Linux. */
const TICKS_PER_SECOND = 100;

/** Memory that a process has for itself alone, in bytes. */
export interface PrivateMemory {
  /** Private_Clean and Private_Dirty: with pages of files that only it has mapped. */
  readonly privateBytes: number;
  /** Without those: what would be lost if it were not kept. */
  readonly anonymousBytes: number;
}

/** User and system time in seconds of a process with all its threads; undefined once it is gone. */
export function cpuSeconds(pid: number): number | undefined {
  const fields = readStat(pid);
  return fields && (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The process that a process was started by; undefined once it is gone. */
export function parentOf(pid: number): number | undefined {
  const fields = readStat(pid);
  return fields && Number(fields[1]);
}

/** CPU seconds of all children of this process that have ended, so far. */
export function endedChildrenCpuSeconds(): number {
  const fields = readStat(process.pid) ?? [];
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

/** The private memory of a process; undefined once it is gone. */
export function privateMemory(pid: number): PrivateMemory | undefined {
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  return rollup === undefined || rollup === "" ? undefined : parseRollup(rollup);
}

/** Anonymous memory of a process in bytes, its own and what it shares with those it came of; undefined once it is gone. */
export function residentAnonymousBytes(pid: number): number | undefined {
  const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? "")?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** Reads /proc/PID/smaps_rollup. */
export function parseRollup(rollup: string): PrivateMemory {
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(rollup)?.[1] ?? 0) * 1024;
  return { privateBytes: bytes("Private_Clean") + bytes("Private_Dirty"), anonymousBytes: bytes("Anonymous") };
}

/** Whether a TCP port is listened on in the network that a process is in. */
export function isListening(port: number, pid: number): boolean {
  return sockets(pid).some(({ local, state }) => local === port && state === LISTEN);
}

/** Whether a TCP connection to one of these ports stands. */
export function isConnectedTo(ports: ReadonlySet<number>): boolean {
  return sockets().some(({ remote, state }) => ports.has(remote) && state === ESTABLISHED);
}

const ESTABLISHED = "01";
const LISTEN = "0A";

function sockets(of: number | "self" = "self"): { local: number; remote: number; state: string }[] {
  return [read(`/proc/${of}/net/tcp`), read(`/proc/${of}/net/tcp6`)].flatMap((table) => parseSockets(table ?? ""));
}

/** Reads /proc/net/tcp: ports and state of each socket. */
export function parseSockets(table: string): { local: number; remote: number; state: string }[] {
  const lines = table.matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]{2}) /gm);
  return [...lines].map(([, local = "", remote = "", state = ""]) => {
    return { local: parseInt(local, 16), remote: parseInt(remote, 16), state };
  });
}

/** The fields of /proc/PID/stat after the name, which may hold anything: the first is the state. */
function readStat(pid: number): string[] | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // The process has ended.
  }
}
