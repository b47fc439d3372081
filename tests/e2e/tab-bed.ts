import { readFile } from "node:fs/promises";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright";
import { expect } from "vitest";
import { writeContent } from "../support/file-content.js";
import type { Machine } from "../support/net-namespace.js";
import { ProcessBed } from "../support/processes.js";
import { launchBrowser, launchBrowserOn, openPage, type PreparePage, type WatchedPage } from "./watched-page.js";

/** Longer than anything here takes on a busy machine. */
const DONE_MS = 90_000;
/** What was there a moment ago and is not after this long has gone. */
const GONE_MS = 1_000;

/** What a browser writes to the console by itself while a hub is away. */
export const HUB_AWAY = /net::ERR_|WebSocket connection to/;

/** What a tab shares: its page, and the link that it shows. */
export interface SharingTab {
  readonly page: Page;
  readonly link: string;
  readonly infoHash: string;
}

/** A browser whose tabs each have a context of their own: nothing is common to two of them but hubs. */
export class TabBed {
  readonly processes: ProcessBed;
  readonly browser: Browser;
  #opened: WatchedPage[] = [];

  private constructor(processes: ProcessBed, browser: Browser) {
    this.processes = processes;
    this.browser = browser;
  }

  static async open(): Promise<TabBed> {
    return new TabBed(await ProcessBed.open(), await launchBrowser());
  }

  /** A browser on a machine of a network, with the files and processes of `processes`. */
  static async on(machine: Machine, processes: ProcessBed): Promise<TabBed> {
    return new TabBed(processes, await launchBrowserOn(machine));
  }

  /** `prepare`: what is done with the page before it is opened. */
  async openTab(url: string, prepare?: PreparePage, options: BrowserContextOptions = {}): Promise<Page> {
    const watched = await openPage(this.browser, url, options, prepare);
    this.#opened.push(watched);
    return watched.page;
  }

  /** Writes a file of `bytes` bytes drawn from `seed` and shares it from a tab at `url`. */
  async share(url: string, name: string, bytes: number, seed: number, prepare?: PreparePage): Promise<SharingTab> {
    await writeContent(this.processes.path(name), bytes, seed);
    const page = await this.openTab(url, prepare);
    await page.getByTestId("file-input").setInputFiles(this.processes.path(name));
    return await this.untilShared(page);
  }

  /** Waits until the one share of a tab has its link. */
  async untilShared(page: Page): Promise<SharingTab> {
    await page.locator('[data-testid="share-state"][data-state="sharing"]').waitFor();
    const link = await page.getByTestId("share-link").innerText();
    return { page, link, infoHash: /[0-9a-f]{40}$/.exec(link)?.[0] ?? "" };
  }

  /** Opens the link in a tab and begins to get what it leads to. */
  async beginToGet(link: string): Promise<Page> {
    const page = await this.openTab(link);
    await page.getByTestId("get-button").click();
    return page;
  }

  /** Waits until a tab shows that so much of what was chosen has come. Rejects when all of it has: it was to be half way. */
  async progressed(page: Page, percent: number): Promise<void> {
    const bar = page.getByTestId("get-progress");
    const done = page.locator('[data-testid="get-state"][data-state="done"]');
    await expect
      .poll(async () => (await shownPercent(bar)) >= percent || (await done.count()) > 0, { timeout: DONE_MS })
      .toBe(true);
    expect(await done.count(), "everything came before anybody looked: the line is too fast for this test").toBe(0);
  }

  /** What a sharing tab says that it has given, in bytes, once that is `least`: three digits of them are exact. */
  async given(page: Page, least: number): Promise<number> {
    const figure = page.getByTestId("share-card").getByText(/^[\d.]+ MB given$/);
    const read = async () => Number.parseFloat(await figure.innerText()) * 1e6;
    await expect.poll(read, { timeout: DONE_MS }).toBeGreaterThanOrEqual(least * 0.995);
    return await read();
  }

  /** Waits until a tab has all that was chosen, saves it, and returns the bytes. */
  async saved(page: Page): Promise<Buffer> {
    await page.locator('[data-testid="get-state"][data-state="done"]').waitFor({ timeout: DONE_MS });
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("save-button").click()]);
    return await readFile(await download.path());
  }

  /** Waits until every tab has saved the same bytes as the file `name` has. */
  async expectSaved(pages: readonly Page[], name: string): Promise<void> {
    const content = await readFile(this.processes.path(name));
    for (const page of pages) expect(Buffer.compare(await this.saved(page), content)).toBe(0);
  }

  /** Console errors, exceptions and requests that should not happen, of all tabs that are open. */
  get complaints(): readonly string[] {
    return this.#opened.flatMap(({ complaints }) => complaints);
  }

  /** Those that are not of a kind that the test brings about. */
  complaintsBut(expected: RegExp): readonly string[] {
    return this.complaints.filter((each) => !expected.test(each));
  }

  /** Closes one tab, as a person does: its context goes with it. */
  async closeTab(page: Page): Promise<void> {
    this.#opened = this.#opened.filter((each) => each.page !== page);
    await page.context().close();
  }

  async closeTabs(): Promise<void> {
    for (const each of this.#opened) await each.close();
    this.#opened = [];
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.processes.close();
  }
}

/** 0 where there is no bar, which is gone once everything is here: nobody waits for it to come back. */
async function shownPercent(bar: Locator): Promise<number> {
  if ((await bar.count()) === 0) return 0;
  return Number(await bar.getAttribute("aria-valuenow", { timeout: GONE_MS }).catch(() => 0));
}
