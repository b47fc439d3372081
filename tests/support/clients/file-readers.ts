import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ensureLibtorrent, ensureProgram } from "../programs.js";

const run = promisify(execFile);

const LIBTORRENT_SCRIPT = fileURLToPath(new URL("libtorrent-files.py", import.meta.url));
const WEBTORRENT_SCRIPT = fileURLToPath(new URL("webtorrent-files.js", import.meta.url));

/** What a client's library says of a `.torrent` file or a magnet link. */
export interface Described {
  readonly infoHash: string;
  readonly name: string;
  /** Paths that begin with the share's name, and sizes in bytes, in the order of the share; none for a magnet. */
  readonly files: readonly (readonly [path: string, size: number])[];
  readonly trackers: readonly string[];
  /** What it makes of a file; undefined for a magnet. */
  readonly magnet?: string;
}

/** Everything that libtorrent reads in a `.torrent` file or a magnet link. */
export async function readWithLibtorrent(source: string): Promise<Described> {
  return await scripted(await ensureLibtorrent(), LIBTORRENT_SCRIPT, "read", source);
}

/** Everything that WebTorrent reads in a `.torrent` file or a magnet link. */
export async function readWithWebTorrent(source: string): Promise<Described> {
  return await scripted(process.execPath, WEBTORRENT_SCRIPT, "read", source);
}

/** What transmission-show prints of a `.torrent` file. */
export async function showWithTransmission(path: string, ...options: string[]): Promise<string> {
  return (await run(await ensureProgram("transmission-show", "transmission-cli"), [...options, path])).stdout;
}

/** What aria2c prints of a `.torrent` file. */
export async function showWithAria2(path: string): Promise<string> {
  return (await run(await ensureProgram("aria2c", "aria2"), ["--no-conf", "-S", path])).stdout;
}

/** Makes a `.torrent` file of `path` with libtorrent: of version 1, or one that is of version 2 as well (BEP 52). */
export async function makeWithLibtorrent(
  version: "v1" | "hybrid",
  path: string,
  announce: string,
  output: string,
): Promise<Described> {
  return await scripted(await ensureLibtorrent(), LIBTORRENT_SCRIPT, "make", version, path, announce, output);
}

/** Makes a `.torrent` file of `path` with WebTorrent. */
export async function makeWithWebTorrent(path: string, announce: string, output: string): Promise<Described> {
  return await scripted(process.execPath, WEBTORRENT_SCRIPT, "make", path, announce, output);
}

async function scripted(program: string, ...args: readonly string[]): Promise<Described> {
  return JSON.parse((await run(program, args)).stdout) as Described;
}
