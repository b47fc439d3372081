import { open, readdir, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Bring, Scene } from "./scene.js";

/** Bytes that the system needs to end what it was writing when the disk is empty again. */
const EMPTIED_MS = 500;

/** Somebody else fills the disk, and makes room again later. */
export const diskFull: Bring = async ({ actor, fault, world }) => {
  const { disk } = actor;
  if (disk === undefined || world.ledger.fullDisks.has(actor.name)) return false;
  world.ledger.fullDisks.add(actor.name);
  disk.sh('cat /dev/zero >"$1/filler"; true');
  await pause(fault.lengthMs);
  disk.sh('rm "$1/filler"');
  await pause(EMPTIED_MS);
  world.ledger.fullDisks.delete(actor.name);
  return true;
};

/** The end of a record is missing. */
export const tornState: Bring = (scene) => damage(scene, recordsOf(scene), tear);

/** One bit of a record is another one. */
export const flippedState: Bring = (scene) => damage(scene, recordsOf(scene), flip);

/** One bit of what has come is another one. */
export const flippedData: Bring = (scene) => damage(scene, contentsOf(scene), flip);

interface Files {
  readonly folder: string;
  readonly names: RegExp;
}

function recordsOf({ actor, world }: Scene): Files {
  const download = world.downloads.get(actor.name);
  if (download) return { folder: download.folder, names: /\.state$/ };
  if (actor.role === "seeder") return { folder: join(world.dataOf(actor.name), "hashes"), names: /./ };
  return { folder: join(world.dataOf(actor.name), "hub", "cache"), names: /info$/ };
}

function contentsOf({ actor, world }: Scene): Files {
  const download = world.downloads.get(actor.name);
  if (download) return { folder: download.folder, names: /\.part$/ };
  return { folder: join(world.dataOf(actor.name), "hub", "cache"), names: /\/\d+$/ };
}

/** Kills the victim, damages one of its files and starts it again. */
async function damage({ actor, fault, world }: Scene, files: Files, how: Damage): Promise<boolean> {
  return await actor.exclusively(async () => {
    await actor.end("SIGKILL");
    try {
      const all = await readdir(files.folder, { recursive: true }).catch(() => [] as string[]);
      const found = all.filter((name) => files.names.test(name)).sort();
      const name = found[Math.floor(fault.detail * found.length)];
      if (name === undefined) return false;
      const path = join(files.folder, name);
      const { size } = await stat(path);
      if (size === 0) return false;
      world.downloads.get(actor.name)?.damaged();
      await how(path, size, fault.detail);
      return true;
    } finally {
      actor.start();
    }
  });
}

type Damage = (path: string, size: number, detail: number) => Promise<void>;

async function tear(path: string, size: number, detail: number): Promise<void> {
  await truncate(path, Math.floor(size * detail));
}

async function flip(path: string, size: number, detail: number): Promise<void> {
  const file = await open(path, "r+");
  try {
    const byte = Buffer.alloc(1);
    const at = Math.floor(size * ((detail * 7919) % 1));
    await file.read(byte, 0, 1, at);
    byte[0]! ^= 1 << Math.floor(detail * 8);
    await file.write(byte, 0, 1, at);
  } finally {
    await file.close();
  }
}
