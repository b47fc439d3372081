import { open } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { privateMemory } from "../bench/process/proc-fs.js";
import { TestHub } from "../support/hub.js";
import { villainousLeeches, villainousSeeds, type Villain } from "../support/raw-websocket-peer-villains.js";
import { dialRaw } from "../support/raw-websocket-peer.js";
import { TabBed } from "./tab-bed.js";

const MIB = 1024 ** 2;
const BYTES = 16 * MIB;

/** As many of each: one alone is hardly seen in the memory of a process. */
const COPIES = 2;

/**
 * What one villain may cost the hub: a message of 2 MiB that is put together, and 1 MiB being read. Those that take nothing
 * leave 4 MiB unsent besides, but are few. Seen: 23 MiB for 48 of them; kept for one of them without a bound: hundreds.
 */
const BYTES_A_VILLAIN = 3 * MIB;

/** What was stored a moment ago is served from memory: until then nobody meets what rots on the disk. */
const TRIES = 10;

/** With which code each is thrown out that breaks a rule; the others do what an honest peer on a bad line may do as well. */
const THROWN_OUT: Readonly<Record<string, number>> = {
  "sends garbage": 1002,
  "sends text": 1002,
  "sends a message of 8 MiB": 1009,
  "announces a message of 4 GiB": 1002,
  "pours out what nobody asked for": 1002,
  "pours out haves": 1002,
  "pours out keep-alives": 1002,
  "asks for blocks and cancels them without end": 1002,
  "answers every request with wrong bytes": 4004,
};

const VILLAINS: readonly (readonly [string, Villain])[] = [
  ...Object.entries(villainousSeeds),
  ...Object.entries(villainousLeeches),
];

let tabs: TabBed;
let hub: TestHub;
const closers: (() => void)[] = [];

beforeAll(async () => {
  tabs = await TabBed.open();
  hub = await TestHub.start(tabs.processes);
});

afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await tabs.closeTabs();
});

afterAll(() => tabs.close());

function villainId(at: number): string {
  return Buffer.from(`-XX0666-villain-${String(at).padStart(4, "0")}`).toString("hex");
}

/** Bytes that the hub has for itself. */
function hubMemory(): number {
  return privateMemory(hub.process.pid)?.privateBytes ?? Number.NaN;
}

/** Lets every villain loose on the relay, which carries the share; returns the close codes of those that were thrown out. */
async function letLoose(infoHash: string, pieceCount: number): Promise<Map<string, number[]>> {
  const ends = new Map<string, number[]>();
  for (const [at, [name, villain]] of VILLAINS.entries()) {
    for (let copy = 0; copy < COPIES; copy++) {
      const socket = await dialRaw(new URL("peer", hub.url.replace("http", "ws")).href);
      closers.push(() => socket.terminate());
      socket.on("close", (code) => ends.set(name, [...(ends.get(name) ?? []), code]));
      villain(socket, { infoHash, peerId: villainId(at * COPIES + copy), pieceCount });
    }
  }
  return ends;
}

/** How many pieces the share that a tab shows has: the hub knows. */
async function pieceCountOf(infoHash: string): Promise<number> {
  const answer = await fetch(new URL(`api/torrents/${infoHash}/pieces`, hub.url));
  return ((await answer.json()) as { holders: readonly number[] }).holders.length;
}

/** Flips a byte in the middle of a piece that the relay keeps. */
async function rot(infoHash: string, piece: number): Promise<void> {
  await flipByte(tabs.processes.path("hub", "hub", "cache", infoHash, String(piece)));
}

async function flipByte(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    const byte = Buffer.alloc(1);
    const at = Math.floor((await file.stat()).size / 2);
    await file.read(byte, 0, 1, at);
    await file.write(
      byte.map((value) => value ^ 1),
      0,
      1,
      at,
    );
  } finally {
    await file.close();
  }
}

test("tabs get among villains on the relay what another shares, and the hub's memory stays bounded", async () => {
  const quiet = await tabs.share(hub.url, "quiet.bin", BYTES, 1);
  await tabs.expectSaved([await tabs.beginToGet(quiet.link)], "quiet.bin");
  const usual = hubMemory();

  const { link, infoHash } = await tabs.share(hub.url, "among.bin", BYTES, 2);
  const ends = await letLoose(infoHash, await pieceCountOf(infoHash));
  await tabs.expectSaved([await tabs.beginToGet(link), await tabs.beginToGet(link)], "among.bin");
  expect(hubMemory() - usual).toBeLessThan(VILLAINS.length * COPIES * BYTES_A_VILLAIN);
  for (const [name, code] of Object.entries(THROWN_OUT)) {
    await expect.poll(() => ends.get(name), { message: name, timeout: 30_000 }).toContain(code);
  }
  expect(tabs.complaints).toEqual([]);
});

test("a byte that rots in the relay's cache costs nobody the share, whether the relay finds it or who gets it", async () => {
  const { link, infoHash } = await tabs.share(hub.url, "rotten.bin", BYTES, 3);
  await tabs.expectSaved([await tabs.beginToGet(link)], "rotten.bin");
  const before = await hub.relayed("stored_bytes_total");
  // What it has seen itself it does not hash again: who gets it complains, and it is fetched again from who shares.
  await rot(infoHash, 5);
  let again = 0;
  for (let tries = 0; again === 0 && tries < TRIES; tries++) {
    await tabs.expectSaved([await tabs.beginToGet(link)], "rotten.bin");
    again = (await hub.relayed("stored_bytes_total")) - before;
  }
  expect(again).toBeGreaterThan(0);
  expect(again).toBeLessThan(BYTES / 8);
  await tabs.expectSaved([await tabs.beginToGet(link)], "rotten.bin");
  expect((await hub.relayed("stored_bytes_total")) - before).toBe(again);

  // What is from before a restart it hashes when it is first read: no tab gets to see it.
  hub.process.kill("SIGINT");
  await hub.process.end();
  await rot(infoHash, 7);
  await hub.restart();
  await tabs.expectSaved([await tabs.beginToGet(link)], "rotten.bin");
  expect(await hub.relayed("rotten_pieces_total")).toBe(1);
});
