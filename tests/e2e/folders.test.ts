import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { createWebCryptoHasher } from "@shoal/peer-core/platform";
import { displayName, parseTorrentFile, type Metainfo } from "@shoal/peer-core/torrent";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import type { SharingTab } from "./tab-bed.js";
import { openTabScene } from "./tab-scene.js";

const run = promisify(execFile);

const scene = openTabScene();

test("of a folder of 300 files a tab gets three, another all, and nothing passes that nobody wanted", async () => {
  const folder = await writeFolder("Reise nach Łódź 🚂", JOURNEY);
  const sharing = await shareFolder(folder.name);
  await pickAgain(sharing, folder.name);
  const metainfo = await metainfoOf(sharing);
  expect(metainfo.files).toHaveLength(300);

  const some = await scene.tabs.openTab(sharing.link);
  await chooseOnly(some, CHOSEN);
  await some.getByTestId("get-button").click();
  await expectZip(some, folder, CHOSEN);
  expect(await scene.hub.relayed("stored_bytes_total")).toBe(bytesOfPieces(metainfo, CHOSEN));

  await expectZip(await scene.tabs.beginToGet(sharing.link), folder);
  expect(await scene.hub.relayed("stored_bytes_total")).toBe(metainfo.geometry.length);
  expect(scene.tabs.complaints).toEqual([]);
});

test("an empty file is shared and got", async () => {
  const { link } = await scene.tabs.share(scene.hub.url, "empty.txt", 0, 1);
  await scene.tabs.expectSaved([await scene.tabs.beginToGet(link)], "empty.txt");
  expect(scene.tabs.complaints).toEqual([]);
});

test("names with markup are shown as they are, and got under them", async () => {
  const folder = await writeFolder(MARKUP[0] ?? "", MARKUP);
  const sharing = await shareFolder(folder.name);
  expect(await sharing.page.getByTestId("share-card").getByRole("heading").innerText()).toBe(folder.name);
  const page = await scene.tabs.beginToGet(sharing.link);
  await expectZip(page, folder);
  expect(await shownNames(page)).toEqual([...MARKUP].sort());
  expect(scene.tabs.complaints).toEqual([]);
});

test("names with control characters are shown with them written out, and are not put on anybody's disk", async () => {
  const folder = await writeFolder("bell\u0007 \u202egpj.exe", CONTROLS);
  const sharing = await shareFolder(folder.name);
  expect(await sharing.page.getByTestId("share-card").getByRole("heading").innerText()).toBe(
    "bell\\u{7} \\u{202e}gpj.exe",
  );
  const page = await scene.tabs.beginToGet(sharing.link);
  await page.locator('[data-testid="get-state"][data-state="failed"]').waitFor();
  await page.getByText("has a name that no disk should hold").waitFor();
  expect(await shownNames(page)).toEqual(CONTROLS.map(displayName).sort());
  expect(scene.tabs.complaints).toEqual([]);
});

/** What a page would run, load or show otherwise if it took a name for markup. */
const MARKUP = [
  "<img src=x onerror=alert(1)>",
  "<script>alert(2)<\u2215script>.js",
  '" onfocus="alert(3)" autofocus="',
  "&lt;b&gt; &amp; {{alert(4)}} ${alert(5)}",
  "javascript:alert(6)",
  "<b>bold<\u2215b>.txt",
];

const CONTROLS = ["line\nbreak.txt", "escape \u001b[31mred\u001b[0m.txt", "tab\there", "nothing\u200bthere", "ok.txt"];

/** 300 paths of every kind that people have, some of them twice in what looks the same: composed and decomposed. */
const JOURNEY = Array.from({ length: 50 }, (_, n) => [
  `שלום עולם ${n}.pdf`,
  `  zwei  Leerzeichen ${n} .txt`,
  `für später/\u00e9t\u00e9 ${n}.jpg`,
  `für später/e\u0301te\u0301 ${n}.jpg`,
  `👩‍👩‍👧 Familie/2024/🏳️‍🌈 ${n}.png`,
  `مرحبا/日本語 ${n}/ガ ${"長".repeat(70)} ${n}.md`,
]).flat();

/** In the folder itself and in one in it. */
const CHOSEN = ["שלום עולם 3.pdf", "  zwei  Leerzeichen 7 .txt", "für später/e\u0301te\u0301 11.jpg"];

/** A folder on disk by its name, with what its files hold by their paths. */
interface Folder {
  readonly name: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Writes a folder whose files have contents and lengths of their own, and some nothing. */
async function writeFolder(name: string, paths: readonly string[]): Promise<Folder> {
  const files = new Map(paths.map((path, index) => [path, contentOf(path, index)]));
  for (const [path, content] of files) {
    const place = scene.tabs.processes.path(name, path);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, content);
  }
  return { name, files };
}

/** Of every fifty files the last is empty, of every ten the second longer than some pieces. */
function contentOf(path: string, index: number): Uint8Array {
  const outputLength = index % 10 === 1 ? 150_000 : 3_000 + index;
  const content = createHash("shake256", { outputLength }).update(path).digest();
  return index % 50 === 49 ? content.subarray(0, 0) : content;
}

async function shareFolder(name: string): Promise<SharingTab> {
  const page = await scene.tabs.openTab(scene.hub.url);
  await page.getByTestId("folder-input").setInputFiles(scene.tabs.processes.path(name));
  return await scene.tabs.untilShared(page);
}

/** Loads the sharer's page again, and picks the folder again: the link stays what it was. */
async function pickAgain({ page, link }: SharingTab, name: string): Promise<void> {
  await page.reload();
  await page.getByTestId("refile-folder-input").setInputFiles(scene.tabs.processes.path(name));
  expect((await scene.tabs.untilShared(page)).link).toBe(link);
}

async function metainfoOf({ infoHash }: SharingTab): Promise<Metainfo> {
  const torrent = await fetch(new URL(`api/torrents/${infoHash}.torrent`, scene.hub.url));
  return (await parseTorrentFile(new Uint8Array(await torrent.arrayBuffer()), createWebCryptoHasher())).metainfo;
}

/** Bytes of all pieces in which files of these paths lie, each counted once. */
function bytesOfPieces({ files, geometry }: Metainfo, paths: readonly string[]): number {
  const pieces = new Set<number>();
  for (const { offset, length } of files.filter(({ path }) => paths.includes(path.join("/")))) {
    const { first, end } = geometry.piecesOf(offset, length);
    for (let piece = first; piece < end; piece++) pieces.add(piece);
  }
  return [...pieces].reduce((sum, piece) => sum + geometry.pieceSize(geometry.pieceIndex(piece)), 0);
}

/** Ticks these files alone; folders on the way are unfolded. */
async function chooseOnly(page: Page, paths: readonly string[]): Promise<void> {
  await page.getByLabel("Select all").uncheck();
  for (const path of paths) {
    const names = path.split("/");
    for (const name of names.slice(0, -1)) await page.getByRole("button", { name, expanded: false }).click();
    const row = page.getByTestId("file-row").filter({ hasText: names.at(-1) ?? "" });
    await row.getByRole("checkbox").check();
  }
}

/** Names in the list of files, as they are shown. */
async function shownNames(page: Page): Promise<string[]> {
  return (await page.getByTestId("file-row").locator("bdi").allTextContents()).sort();
}

/** Waits until a tab has all that was chosen and saves it: a ZIP of these files of the folder, as Python reads it. */
async function expectZip(page: Page, { name, files }: Folder, paths = [...files.keys()]): Promise<void> {
  const archive = scene.tabs.processes.path("saved.zip");
  await writeFile(archive, await scene.tabs.saved(page));
  const { stdout } = await run("python3", ["-c", READ_ZIP, archive], { maxBuffer: 2 ** 24 });
  const expected = paths.map((path) => [`${name}/${path}`, sha256(files.get(path) ?? new Uint8Array())]);
  expect(new Map(JSON.parse(stdout) as [string, string][])).toEqual(new Map(expected as [string, string][]));
}

/** Names and digests of all that is in a ZIP, checksums checked. */
const READ_ZIP = `import hashlib, json, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
print(json.dumps([[info.filename, hashlib.sha256(archive.read(info)).hexdigest()] for info in archive.infolist()]))`;

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
