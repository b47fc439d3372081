import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { hashFile, writeContent } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";
import { villainousLeeches, villainousSeeds } from "../support/raw-websocket-peer-villains.js";
import { dialRaw, RawPeerListener, RawRegistration } from "../support/raw-websocket-peer.js";

const MIB = 1024 * 1024;
const BYTES = 48 * MIB;
/**
 * What nine villains may cost a downloader and 28 a seeder, on top of what it needs anyway. A link may hold 4 MiB unsent,
 * 1 MiB being read and a message of 2 MiB. Seen: 20 MiB and 80 MiB.
 */
const DOWNLOADER_BYTES = 64 * MIB;
const SEEDER_BYTES = 28 * 7 * MIB;
const DONE = { code: 0, signal: null };

let bed: ProcessBed;
let hub: TestHub;
let content: string;
const closers: (() => void)[] = [];

beforeAll(async () => {
  bed = await ProcessBed.open();
  hub = await TestHub.start(bed);
  content = await writeContent(bed.path("good.bin"), BYTES, 1);
});

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

afterAll(async () => {
  await bed.close();
});

function villainId(at: number): string {
  return Buffer.from(`-XX0666-villain-${String(at).padStart(4, "0")}`).toString("hex");
}

test("a downloader among villains gets everything from the one honest seeder, within bounded memory", async () => {
  const seeder = hub.upload("good.bin", "--up", "10M");
  const { infoHash, pieceLength } = await seeder.event("shared");
  const pieceCount = Math.ceil(BYTES / pieceLength);
  const quiet = hub.download("good.bin", "quiet");
  await quiet.verified(0.7 * BYTES);
  const usual = quiet.peakMemory();
  expect(await quiet.end()).toEqual(DONE);

  const met = new Set<string>();
  for (const [at, [name, villain]] of Object.entries(villainousSeeds).entries()) {
    const peerId = villainId(at);
    const listener = await RawPeerListener.open((socket) => {
      // The tracker only looks whether somebody answers; who downloads shakes hands, or complains before it comes to that.
      socket.once("message", () => met.add(name));
      socket.once("close", (code) => [1002, 1009].includes(code) && met.add(name));
      villain(socket, { infoHash, peerId, pieceCount });
    });
    const { url: endpoint } = listener;
    const registration = await RawRegistration.announce(hub.tracker, { infoHash, peerId, left: 0, endpoint });
    closers.push(
      () => registration.close(),
      () => listener.close(),
    );
  }
  const downloader = hub.download("good.bin", "among-villains");
  await downloader.verified(0.7 * BYTES);
  expect(downloader.peakMemory()).toBeLessThan(usual + DOWNLOADER_BYTES);
  expect(await downloader.end()).toEqual(DONE);
  expect(await hashFile(bed.path("among-villains", "good.bin"))).toBe(content);
  expect([...met].sort()).toEqual(Object.keys(villainousSeeds).sort());
  const banned = downloader.all("peer").filter(({ change }) => change === "banned");
  const idOf = (name: string) => villainId(Object.keys(villainousSeeds).indexOf(name));
  const liar = idOf("answers every request with wrong bytes");
  // What is poured out may happen to be just what it has been asked for: then those are wrong bytes, too.
  const pourer = idOf("pours out what nobody asked for");
  const others = new Set(banned.map(({ peerId }) => peerId).filter((peerId) => peerId !== pourer));
  expect([...others]).toEqual([liar]);
  seeder.kill("SIGKILL");
});

test("a seeder among villains serves an honest downloader, within bounded memory", async () => {
  const seeder = hub.upload("good.bin");
  const { infoHash, pieceLength } = await seeder.event("shared");
  const pieceCount = Math.ceil(BYTES / pieceLength);
  expect(await hub.download("good.bin", "before").end()).toEqual(DONE);
  const usual = seeder.peakMemory();
  const asker = await RawRegistration.announce(hub.tracker, { infoHash, peerId: villainId(99), left: BYTES });
  const { endpoint } = await asker.nextPeer();
  asker.close();

  for (const [at, villain] of Object.values(villainousLeeches).entries()) {
    for (let copy = 0; copy < 4; copy++) {
      const socket = await dialRaw(endpoint);
      closers.push(() => socket.terminate());
      villain(socket, { infoHash, peerId: villainId(100 + 4 * at + copy), pieceCount });
    }
  }
  for (const folder of ["first", "second"]) {
    expect(await hub.download("good.bin", folder).end()).toEqual(DONE);
    expect(await hashFile(bed.path(folder, "good.bin"))).toBe(content);
  }
  expect(seeder.peakMemory()).toBeLessThan(usual + SEEDER_BYTES);
});
