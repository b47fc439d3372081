import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { createMicrotaskHasher } from "@shoal/peer-core/testing";
import { parseTorrentFile } from "@shoal/peer-core/torrent";
import { ensureProgram } from "../programs.js";

const run = promisify(execFile);

/** 2^16 bytes: small shares still have many pieces. */
const PIECE_LENGTH_EXPONENT = "16";

/** Makes a `.torrent` file of `path` with mktorrent; resolves to the info-hash. */
export async function makeTorrent(path: string, announce: string, output: string): Promise<string> {
  await run(await ensureProgram("mktorrent", "mktorrent"), [
    "-a",
    announce,
    "-l",
    PIECE_LENGTH_EXPONENT,
    "-o",
    output,
    path,
  ]);
  return (await parseTorrentFile(await readFile(output), createMicrotaskHasher())).metainfo.infoHash;
}
