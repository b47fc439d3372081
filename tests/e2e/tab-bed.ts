import { readFile } from "node:fs/promises";
import type { Browser, BrowserContextOptions, Page } from "playwright";
import { expect } from "vitest";
import { writeContent } from "../support/file-content.js";
import { ProcessBed } from "../support/processes.js";
import { launchBrowser, openPage, type WatchedPage } from "./watched-page.js";

/** Longer than anything here takes on a busy machine. */
const DONE_MS = 90_000;

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

  /** `script` runs before anything of the page does. */
  async openTab(url: string, options: BrowserContextOptions = {}, script?: string): Promise<Page> {
    const watched = await openPage(this.browser, url, options, script);
    this.#opened.push(watched);
    return watched.page;
  }

  /** Writes a file of `bytes` bytes drawn from `seed` and shares it from a tab at `url`. */
  async share(url: string, name: string, bytes: number, seed: number): Promise<SharingTab> {
    await writeContent(this.processes.path(name), bytes, seed);
    const page = await this.openTab(url);
    await page.getByTestId("file-input").setInputFiles(this.processes.path(name));
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
