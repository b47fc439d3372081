import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { BrowserContext } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";
import { TabEngine } from "./tab-engine.js";
import { openProfile } from "./watched-page.js";

const run = promisify(execFile);
const MIB = 1024 * 1024;
const SIZE = 64 * MIB;

/** An address that is neither https nor localhost: browsers give it no OPFS, locks or WebCrypto. */
const PLAIN_HOST = "10.11.12.13";

let bed: ProcessBed;
let hub: TestHub;
let context: BrowserContext;
let big: { readonly infoHash: string; readonly digest: string };
let profiles = 0;

beforeAll(async () => {
  bed = await ProcessBed.open();
  // Slow enough that there is time to pause, fast enough to wait for: seeder and relay alike.
  hub = await TestHub.start(bed, ["--up", "10M"]);
  const bytes = bytesOf(SIZE, 1);
  await writeFile(bed.path("big.bin"), bytes);
  const { infoHash } = await hub.upload("big.bin", "--up", "10M").event("shared");
  big = { infoHash, digest: digestOf(bytes) };
});

beforeEach(async () => {
  context = await openProfile(bed.path(`profile-${profiles++}`), [`--host-resolver-rules=MAP ${PLAIN_HOST} 127.0.0.1`]);
});

afterEach(async () => {
  await context.close();
});

afterAll(async () => {
  await bed.close();
});

function bytesOf(length: number, seed: number): Uint8Array {
  const bytes = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return new Uint8Array(bytes.buffer, 0, length);
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function digestOfFile(path: string): Promise<string> {
  return digestOf(await readFile(path));
}

const isDone = `get.state.kind === "done"`;

test("a tab gets 64 MiB from a Node peer into its files, over a pause and a reload, and saves it byte for byte", async () => {
  const tab = await TabEngine.open(context, hub.url);
  await tab.post({ type: "look", link: `${hub.url}#/s/${big.infoHash}` });
  const found = await tab.until(big.infoHash, `get.state.kind === "found"`);
  expect(found).toMatchObject({ name: "big.bin", size: SIZE, doneBytes: 0 });

  await tab.post({ type: "get", infoHash: big.infoHash });
  await tab.until(big.infoHash, `get.doneBytes > 8 * ${MIB}`);
  await tab.post({ type: "pause", infoHash: big.infoHash });
  const paused = await tab.until(big.infoHash, `get.state.kind === "paused"`);
  expect(paused.doneBytes).toBeLessThan(SIZE);
  await tab.post({ type: "resume", infoHash: big.infoHash });
  const resumed = await tab.until(big.infoHash, `get.state.kind === "getting"`);
  expect(resumed.doneBytes).toBeGreaterThanOrEqual(paused.doneBytes);
  await tab.until(big.infoHash, `get.doneBytes > 24 * ${MIB}`);

  await tab.reload();
  const interrupted = await tab.until(big.infoHash, `get.state.kind === "interrupted"`);
  // What had come within the last second may not have been recorded.
  expect(interrupted.doneBytes).toBeGreaterThan(0);
  expect(interrupted.doneBytes).toBeGreaterThanOrEqual(paused.doneBytes);
  await tab.post({ type: "watch", infoHash: big.infoHash, isWatched: true });
  await tab.post({ type: "resume", infoHash: big.infoHash });
  // The map says who: PIECE.from and on are the rows of the peers.
  await tab.until(big.infoHash, "get.pieceMap?.some((cell) => cell >= 16 && cell - 16 < get.peers.length)");
  const done = await tab.until(big.infoHash, isDone);
  expect(done).toMatchObject({ doneBytes: SIZE, state: { isHelping: true }, closing: { kind: "safe" } });

  const saved = await tab.save(big.infoHash);
  expect(saved.name).toBe("big.bin");
  expect(await digestOfFile(saved.path)).toBe(big.digest);
});

test("chosen files of a folder come alone, more of them later, and are saved as a ZIP that others can read", async () => {
  await mkdir(bed.path("Fotos", "sub"), { recursive: true });
  const files = { "a.bin": bytesOf(300_000, 2), "größe.bin": bytesOf(500_001, 3), "sub/c.bin": bytesOf(70_000, 4) };
  for (const [path, bytes] of Object.entries(files)) await writeFile(bed.path("Fotos", path), bytes);
  const seeder = hub.upload("Fotos");
  const { infoHash } = await seeder.event("shared");
  const tab = await TabEngine.open(context, hub.url);
  await tab.post({ type: "look", link: infoHash });
  await tab.until(infoHash, `get.state.kind === "found"`);
  await tab.post({ type: "get", infoHash, select: [1] });
  expect(await tab.until(infoHash, isDone)).toMatchObject({ chosenBytes: 500_001, doneBytes: 500_001 });
  const one = await tab.save(infoHash);
  expect([one.name, await digestOfFile(one.path)]).toEqual(["größe.bin", digestOf(files["größe.bin"])]);

  await tab.post({ type: "get", infoHash, select: [0, 1, 2] });
  await tab.until(infoHash, `${isDone} && get.chosenBytes === 870001`);
  const zip = await tab.save(infoHash);
  expect(zip.name).toBe("Fotos.zip");
  const script = `import hashlib, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
for info in archive.infolist(): print(info.filename, hashlib.sha256(archive.read(info)).hexdigest())`;
  const { stdout } = await run("python3", ["-c", script, zip.path], { env: { PYTHONIOENCODING: "utf-8" } });
  const expected = Object.entries(files).map(([path, bytes]) => `Fotos/${path} ${digestOf(bytes)}`);
  expect(stdout.trim().split("\n").sort()).toEqual(expected.sort());
  seeder.kill("SIGINT");
});

test("a tab shares picked files with a Node peer, needs them again after a reload, and takes no others", async () => {
  const bytes = bytesOf(3 * MIB + 5, 5);
  await writeFile(bed.path("picked.bin"), bytes);
  await mkdir(bed.path("other"), { recursive: true });
  await writeFile(bed.path("other", "picked.bin"), bytesOf(3 * MIB + 5, 6));
  let tab = await TabEngine.open(context, hub.url);
  await tab.share("mine", "picked.bin", [bed.path("picked.bin")]);
  const { infoHash } = await tab.untilShare("mine", `share.state.kind === "sharing"`);
  expect(await hub.listed(infoHash!)).toMatchObject({ name: "picked.bin", size: bytes.length });

  await tab.reload();
  await tab.untilShare("mine", `share.state.kind === "needs-files"`);
  await tab.share(infoHash!, "", [bed.path("other", "picked.bin")], "refile");
  await tab.untilShare("mine", `share.state.kind === "failed" && share.state.trouble.code === "wrong-files"`);
  await tab.share(infoHash!, "", [bed.path("picked.bin")], "refile");
  await tab.untilShare("mine", `share.state.kind === "sharing"`);

  // The tab cannot be dialled: it dials whoever can.
  const download = hub.download(infoHash!, "got");
  const { path } = await download.event("complete");
  expect(await digestOfFile(path)).toBe(digestOf(bytes));

  await tab.post({ type: "stop-sharing", id: "mine" });
  await expect.poll(async () => (await fetch(new URL(`api/torrents/${infoHash!}`, hub.url))).status).toBe(404);
  await tab.close();
  tab = await TabEngine.open(context, hub.url);
  await expect.poll(async () => (await tab.state()).shares).toEqual([]);
});

test("a second tab says that another one is at it, and goes on when that one is closed", async () => {
  const first = await TabEngine.open(context, hub.url);
  await first.post({ type: "look", link: big.infoHash });
  await first.until(big.infoHash, `get.state.kind === "found"`);
  await first.post({ type: "get", infoHash: big.infoHash });
  await first.until(big.infoHash, `get.doneBytes > 4 * ${MIB}`);
  const second = await TabEngine.open(context, hub.url);
  const busy = `get.state.kind === "failed" && get.state.trouble.code === "busy-elsewhere"`;
  await second.until(big.infoHash, busy);
  await first.close();
  await second.until(big.infoHash, isDone);
  const saved = await second.save(big.infoHash);
  expect(await digestOfFile(saved.path)).toBe(big.digest);
});

test("discarding deletes what has come", async () => {
  const tab = await TabEngine.open(context, hub.url);
  await tab.post({ type: "look", link: big.infoHash });
  await tab.until(big.infoHash, `get.state.kind === "found"`);
  await tab.post({ type: "get", infoHash: big.infoHash });
  await tab.until(big.infoHash, `get.doneBytes > 4 * ${MIB}`);
  await tab.post({ type: "discard", infoHash: big.infoHash });
  const left = `navigator.storage.getDirectory().then((root) => root.getDirectoryHandle("shoal"))
    .then(async (shoal) => (await Array.fromAsync(shoal.keys())).length)`;
  await expect.poll(() => tab.page.evaluate(left), { timeout: 10_000 }).toBe(0);
  await tab.reload();
  await expect.poll(async () => (await tab.state()).gets).toEqual([]);
});

test("on plain http, without files, locks and WebCrypto, a tab gets and saves all the same", async () => {
  const url = new URL(hub.url);
  url.hostname = PLAIN_HOST;
  const tab = await TabEngine.open(context, url.href);
  expect((await tab.state()).abilities).toEqual({
    isSecure: false,
    hasOpfs: false,
    hasLocks: false,
    hasWebCrypto: false,
  });
  await writeFile(bed.path("small.bin"), bytesOf(5 * MIB, 7));
  const seeder = hub.upload("small.bin");
  const { infoHash } = await seeder.event("shared");
  await tab.post({ type: "look", link: infoHash });
  await tab.until(infoHash, `get.state.kind === "found"`);
  await tab.post({ type: "get", infoHash });
  await tab.until(infoHash, isDone);
  const second = await TabEngine.open(context, url.href);
  await second.until(infoHash, `get.state.kind === "failed"`);
  const saved = await tab.save(infoHash);
  expect(await digestOfFile(saved.path)).toBe(digestOf(bytesOf(5 * MIB, 7)));
  await tab.close();
  await second.until(infoHash, isDone);
  seeder.kill("SIGINT");
});

test("an info-hash that nobody knows is said to be unknown, and looked for all the same", async () => {
  const tab = await TabEngine.open(context, hub.url);
  const nobody = "12".repeat(20);
  await tab.post({ type: "look", link: nobody });
  await tab.until(nobody, `get.state.kind === "looking"`);
  await tab.until(nobody, `get.state.kind === "unknown"`);
  await tab.post({ type: "look-away", infoHash: nobody });
  await expect.poll(async () => (await tab.state()).gets).toEqual([]);
});
