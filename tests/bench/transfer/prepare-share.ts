import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { writeContent } from "../../support/file-content.js";
import type { Share } from "../contenders/contender.js";
import { event, run } from "../contenders/shoal.js";

/** A share that stands on disk. */
export interface PreparedShare extends Share {
  /** Deletes its file. */
  remove(): Promise<void>;
}

/** Writes a file that looks random, and its `.torrent` beside its folder. */
export async function prepareShare(folder: string, name: string, bytes: number): Promise<PreparedShare> {
  const source = join(folder, "source");
  await mkdir(source, { recursive: true });
  const torrent = join(folder, `${name}.torrent`);
  await writeContent(join(source, name), bytes, seedOf(name));
  const creating = run(["create", join(source, name), "-o", torrent], join(folder, "data"));
  const { infoHash, pieceLength } = await event(creating, "created");
  await creating.succeed();
  const remove = () => rm(join(source, name));
  return { folder: source, name, bytes, pieceLength, torrent, infoHash, remove };
}

/** Reads a file once, so that it comes from memory afterwards. */
export async function readOnce(path: string): Promise<void> {
  const stream = createReadStream(path, { highWaterMark: 1024 ** 2 });
  stream.resume();
  await finished(stream);
}

/** Files of different names differ. */
function seedOf(name: string): number {
  return createHash("sha1").update(name).digest().readUInt32BE();
}
