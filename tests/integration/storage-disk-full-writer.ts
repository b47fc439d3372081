import { execFileSync } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isShoalError } from "@shoal/peer-core";
import { openFsPieceStore } from "../../node-peer/src/storage/open-fs-piece-store.js";
import { makeShare, pieceBytes } from "../../node-peer/src/storage/share-fixture.js";

/** "ok", or the code and text of our error; anything else is thrown on. */
async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "ok";
  } catch (error) {
    if (isShoalError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** Run as root of a mount namespace on a file system of 4 MiB at DIRECTORY; prints what each step came to, as JSON. */
async function main(directory: string): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = {};
  const tooLarge = await makeShare("large", 5 * 1024 * 1024);
  results.tooLarge = await outcomeOf(openFsPieceStore({ metainfo: tooLarge.metainfo, directory }));
  results.afterTooLarge = await readdir(directory);

  const share = await makeShare("share", 3 * 1024 * 1024);
  const pieces = [...share.metainfo.geometry.pieces()];
  const store = await openFsPieceStore({ metainfo: share.metainfo, directory });
  await writeFile(join(directory, "filler"), new Uint8Array(2 * 1024 * 1024));
  const outcomes: string[] = [];
  for (const piece of pieces) outcomes.push(await outcomeOf(store.write(piece, pieceBytes(share, piece))));
  results.firstWrite = outcomes[0];
  results.lastWrite = outcomes.at(-1);
  results.claimed = store.present().filter((is, at) => is === 1 && outcomes[at] !== "ok").length;

  await rm(join(directory, "filler"));
  for (const [at, piece] of pieces.entries()) {
    if (outcomes[at] !== "ok") await store.write(piece, pieceBytes(share, piece));
  }
  results.finish = await outcomeOf(store.finish());
  await store.close();
  results.isWhole = Buffer.compare(await readFile(join(directory, "share")), share.content) === 0;

  const other = await makeShare("other", 1000);
  execFileSync("sh", ["-c", 'mount -o remount,ro "$1"', "sh", directory]);
  results.readOnly = await outcomeOf(openFsPieceStore({ metainfo: other.metainfo, directory }));
  return results;
}

process.stdout.write(JSON.stringify(await main(process.argv[2] ?? "")));
