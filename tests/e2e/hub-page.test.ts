import { mkdir, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";
import { startPrefixProxy } from "./prefix-proxy.js";
import { launchBrowser, openPage, type WatchedPage } from "./watched-page.js";

const SCRIPT = "<img src=x onerror=alert(1)>.txt";
const REVERSED = "report-\u202efdp.exe";
const FOLDER = "Field recordings";

/** Everything that the page loads by itself, compressed as servers do. */
const MAX_PAGE_BYTES = 120_000;

let bed: ProcessBed;
let hub: TestHub;
let browser: Browser;
let folderHash: string;
let watched: WatchedPage | undefined;

beforeAll(async () => {
  bed = await ProcessBed.open();
  hub = await TestHub.start(bed);
  await mkdir(bed.path(FOLDER, "notes"), { recursive: true });
  await writeFile(bed.path(FOLDER, "harbour.flac"), new Uint8Array(70_000).fill(1));
  await writeFile(bed.path(FOLDER, "notes", "places.txt"), "Leith");
  await writeFile(bed.path(SCRIPT), "<script>");
  await writeFile(bed.path(REVERSED), "MZ");
  folderHash = (await hub.upload(FOLDER).event("shared")).infoHash;
  await hub.upload(SCRIPT).event("shared");
  await hub.upload(REVERSED).event("shared");
  browser = await launchBrowser();
});

afterEach(async () => {
  await watched?.close();
  watched = undefined;
});

afterAll(async () => {
  await browser.close();
  await bed.close();
});

async function open(fragment = "", base = hub.url) {
  watched = await openPage(browser, `${base}${fragment}`);
  const { page } = watched;
  return {
    page,
    complaints: watched.complaints,
    results: page.getByTestId("search-result"),
    search: page.getByTestId("search-input"),
  };
}

test("the page lists what is shared, with its size, files and who has it, and complains of nothing", async () => {
  const { page, results, complaints } = await open();
  await results.nth(2).waitFor();
  expect(await results.count()).toBe(3);
  const row = results.filter({ hasText: FOLDER });
  expect(await row.innerText()).toMatch(/70 kB\s+2 files\s+1 seeder/);
  expect(await row.getByRole("link", { name: FOLDER, exact: true }).getAttribute("href")).toBe(`#/s/${folderHash}`);
  expect(await row.getByRole("link", { name: /Magnet/ }).getAttribute("href")).toContain(`urn:btih:${folderHash}`);
  await page.getByText("From the command line").click();
  expect(await page.getByText("shoal upload PATH --tracker").innerText()).toContain(`--tracker ${hub.url}`);
  expect(complaints).toEqual([]);
});

test("a search narrows the list while it is typed, stands in the address, and says when nothing is found", async () => {
  const { page, results, search, complaints } = await open();
  await results.nth(2).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("harbour field");
  await page.getByRole("heading", { name: "Found for “harbour field”" }).waitFor();
  await results.first().waitFor();
  expect(await results.allInnerTexts()).toEqual([expect.stringContaining(FOLDER)]);
  expect(new URL(page.url()).hash).toBe("#/?q=harbour+field");

  await page.reload();
  expect(await search.inputValue()).toBe("harbour field");
  await search.fill("harbour zebra");
  await page.locator("p", { hasText: "Nothing found for “harbour zebra”" }).first().waitFor();
  expect(await results.count()).toBe(0);
  await search.press("Escape");
  await results.nth(2).waitFor();
  expect(await search.inputValue()).toBe("");
  expect(complaints).toEqual([]);
});

test("names are shown as text, with what would be invisible written out", async () => {
  const { page, results, complaints } = await open();
  await results.nth(2).waitFor();
  const names = await results.getByRole("link").allInnerTexts();
  expect(names).toContain(SCRIPT);
  expect(names).toContain("report-\\u{202e}fdp.exe");
  expect(await page.locator("main img").count()).toBe(0);

  await results.filter({ hasText: "onerror" }).getByRole("link", { name: SCRIPT, exact: true }).click();
  await page.getByRole("heading", { level: 1, name: SCRIPT }).waitFor();
  expect(await page.title()).toContain(SCRIPT);
  expect(complaints).toEqual([]);
});

test("the page weighs at most 120 KB, with the engine that runs in its worker", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const loaded = new Map<string, Promise<Buffer>>();
  context.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (/\/$|\.(html|css|js|svg)$/.test(pathname)) loaded.set(pathname, response.body());
  });
  try {
    await page.goto(hub.url);
    await page.getByTestId("search-result").nth(2).waitFor();
    expect([...loaded.keys()]).toContainEqual(expect.stringMatching(/worker/));
    const weights = (await Promise.all(loaded.values())).map((body) => gzipSync(body, { level: 9 }).length);
    expect(weights.reduce((sum, weight) => sum + weight)).toBeLessThanOrEqual(MAX_PAGE_BYTES);
  } finally {
    await context.close();
  }
});

test("a link opens its share: files, who has it, and a command that gets it", async () => {
  const { page, complaints } = await open(`#/s/${folderHash}`);
  await page.getByRole("heading", { level: 1, name: FOLDER }).waitFor();
  expect(await page.locator("main").innerText()).toContain("1 source has all of it.");
  await page.getByRole("button", { name: /^notes/ }).click();
  expect(await page.getByTestId("file-row").allInnerTexts()).toEqual([
    expect.stringMatching(/^places\.txt\s+5 B$/),
    expect.stringMatching(/^harbour\.flac\s+70 kB$/),
  ]);
  await openOtherWays(page);
  const command = await page.getByText("shoal download").innerText();
  const what = /^npx --no-install shoal download "(.+)"$/.exec(command)?.[1];
  expect(what).toBe(`${hub.url}#/s/${folderHash}`);
  expect((await hub.download(what ?? "", "got").event("complete")).infoHash).toBe(folderHash);
  expect(complaints).toEqual([]);
});

test("the .torrent of a share is downloaded from the hub", async () => {
  const { page, complaints } = await open(`#/s/${folderHash}`);
  await openOtherWays(page);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: ".torrent" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`${folderHash}.torrent`);
  expect(complaints).toEqual([]);
});

test("a copy button copies, and says so", async () => {
  const { page, complaints } = await open(`#/s/${folderHash}`);
  await page.context().grantPermissions(["clipboard-read"]);
  await openOtherWays(page);
  await page.getByRole("button", { name: "Copy: Link" }).click();
  await page.getByText("Copied").first().waitFor();
  expect(await page.evaluate("navigator.clipboard.readText()")).toBe(`${hub.url}#/s/${folderHash}`);
  expect(complaints).toEqual([]);
});

test("copying works where the browser has no clipboard for pages, as on plain http", async () => {
  const { page, search } = await open();
  await page.addInitScript("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
  await page.goto(`${hub.url}#/s/${folderHash}`);
  await page.reload();
  await openOtherWays(page);
  await page.getByRole("button", { name: "Copy: Link" }).click();
  await page.getByText("Copied").first().waitFor();
  await search.focus();
  await page.keyboard.press("Control+V");
  expect(await search.inputValue()).toBe(`${hub.url}#/s/${folderHash}`);
});

test("a long list comes page by page", async () => {
  for (let index = 0; index < 60; index++) await publish(`volume ${index}`);
  const { page, results, complaints } = await open("#/?q=volume");
  await results.nth(49).waitFor();
  expect(await results.count()).toBe(50);
  await page.getByRole("button", { name: "Show more" }).click();
  await results.nth(59).waitFor();
  expect(await results.count()).toBe(60);
  expect(await page.getByRole("button", { name: "Show more" }).count()).toBe(0);
  expect(complaints).toEqual([]);
});

test("the page works below a path of a proxy", async () => {
  const proxy = await startPrefixProxy(hub.url);
  try {
    const { page, results, complaints } = await open("#/?q=harbour", proxy.url);
    await results.getByRole("link", { name: FOLDER, exact: true }).click();
    await page.getByRole("heading", { level: 1, name: FOLDER }).waitFor();
    await openOtherWays(page);
    expect(await page.getByText("shoal download").innerText()).toContain(`"${proxy.url}#/s/${folderHash}"`);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: ".torrent" }).click(),
    ]);
    expect(download.url()).toBe(`${proxy.url}api/torrents/${folderHash}.torrent`);
    expect(complaints).toEqual([]);
  } finally {
    await proxy.close();
  }
});

test("the page says what is wrong with a link", async () => {
  const { page } = await open(`#/s/${"0".repeat(40)}`);
  await page.getByText("This hub does not know that share").waitFor();
  await page.goto(`${hub.url}#/s/123`);
  await page.getByText("That link is not complete").waitFor();
  await page.goto(`${hub.url}#/s/${folderHash}/secret`);
  await page.getByText("That share is private").waitFor();
});

test("the page may run scripts from the hub only and tells nobody where one came from", async () => {
  const { headers } = await fetch(hub.url);
  const policy = headers.get("Content-Security-Policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toMatch(/script-src 'self'( 'wasm-unsafe-eval')?;/);
  expect(policy).toMatch(/style-src 'self';/);
  expect(headers.get("Referrer-Policy")).toBe("no-referrer");
  expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
});

test("the page says that its hub is gone, and goes on by itself when it is back", async () => {
  const { page, results } = await open();
  await results.nth(2).waitFor();
  hub.process.kill("SIGKILL");
  await hub.process.end();
  await page.getByTestId("search-input").fill("harbour");
  await page.getByText("The hub does not answer").nth(1).waitFor();
  await hub.restart();
  await results.first().waitFor();
  expect(await results.count()).toBe(1);
});

/** The commands, and what other programs take, are folded away: the page gets shares itself. */
async function openOtherWays(page: Page): Promise<void> {
  await page.getByText("Other ways to get it").click();
}

/** Lists a share that nobody has. */
async function publish(name: string): Promise<void> {
  const info = Buffer.concat([
    Buffer.from(`d6:lengthi1e4:name${name.length}:${name}12:piece lengthi16384e6:pieces20:`),
    Buffer.alloc(20),
    Buffer.from("e"),
  ]);
  const headers = { "Content-Type": "application/x-bittorrent" };
  const response = await fetch(new URL("api/torrents", hub.url), { method: "POST", headers, body: info });
  expect(response.status).toBe(201);
}
