import { execFileSync } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isShoalError } from "@shoal/peer-core";
import { openFsPieceCache } from "../../node-peer/src/relay/fs-piece-cache.js";
import { openFsPieceStore } from "../../node-peer/src/storage/open-fs-piece-store.js";
import { fixtureHasher, makeShare, pieceBytes } from "../../node-peer/src/storage/share-fixture.js";

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

  results.cache = await fillCache(directory);

  const other = await makeShare("other", 1000);
  execFileSync("sh", ["-c", 'mount -o remount,ro "$1"', "sh", directory]);
  results.readOnly = await outcomeOf(openFsPieceStore({ metainfo: other.metainfo, directory }));
  return results;
}

/** A cache that may keep more than the disk has room for. */
async function fillCache(directory: string): Promise<Record<string, unknown>> {
  const share = await makeShare("cached", 2 * 1024 * 1024);
  const options = { directory: join(directory, "cache"), hasher: fixtureHasher };
  const cache = await openFsPieceCache({ ...options, quotaBytes: 1024 ** 3 });
  const store = await cache.open(share.metainfo);
  const stored: number[] = [];
  let failure = "ok";
  for (const piece of share.metainfo.geometry.pieces()) {
    failure = await outcomeOf(store.write(piece, pieceBytes(share, piece)));
    if (failure !== "ok") break;
    stored.push(piece);
  }
  const { usedBytes } = cache;
  const left = await readdir(join(directory, "cache", share.metainfo.infoHash));
  const first = share.metainfo.geometry.pieceIndex(0);
  await store.remove(first);
  const afterRemoval = await outcomeOf(store.write(first, pieceBytes(share, 0)));
  await cache.close();
  const { quotaBytes } = await openFsPieceCache(options);
  const hasOnlyWhole = left.length === stored.length + 1 && left.includes("info");
  const pieceBytesUsed = usedBytes - share.metainfo.infoBytes.length;
  const isCounted = pieceBytesUsed === stored.length * share.metainfo.geometry.pieceLength;
  return { failure, hasOnlyWhole, isCounted, afterRemoval, quotaBytes };
}

process.stdout.write(JSON.stringify(await main(process.argv[2] ?? "")));
