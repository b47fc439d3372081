import { mkdtemp, writeFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright";
import type { Machine } from "../support/net-namespace.js";
import { ensureChromium } from "../support/programs.js";

/** For a headless Chromium in a test: nothing that goes to the internet, nothing that needs a display. */
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What is done with a page before it is opened. */
export type PreparePage = (page: Page) => Promise<void>;

/** A page of which everything is noted that should not happen. */
export interface WatchedPage {
  readonly page: Page;
  /** Console errors, uncaught exceptions, dialogs, and requests that leave the origin. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** The system's Chromium, headless. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await ensureChromium(), args: FLAGS });
}

/**
 * A browser with a profile in `folder`, which outlives it: one without keeps the page's files in memory, which behaves
 * otherwise. `args`: more flags.
 */
export async function openProfile(folder: string, args: readonly string[] = []): Promise<BrowserContext> {
  return await chromium.launchPersistentContext(folder, {
    executablePath: await ensureChromium(),
    args: [...FLAGS, ...args],
  });
}

/** The same inside a network namespace: `machine.under` enters it, and the pipes to the browser lead out of it. */
export async function launchBrowserOn(machine: Machine): Promise<Browser> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-browser-"));
  const executablePath = join(folder, "chromium");
  const command = [...machine.under, await ensureChromium()].map((word) => `'${word}'`).join(" ");
  await writeFile(executablePath, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o700 });
  try {
    return await chromium.launch({ executablePath, args: FLAGS });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Runs a script in a page before anything of the page's own. */
export function withScript(script: string): PreparePage {
  return async (page) => {
    await page.addInitScript(script);
  };
}

/** Opens `url` in a context of its own; `prepare` has the page before. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  prepare?: PreparePage,
): Promise<WatchedPage> {
  return await openPageIn(await browser.newContext(options), url, prepare);
}

/** Opens `url` in a tab of `context`, which is closed with it; `prepare` has the page before. */
export async function openPageIn(context: BrowserContext, url: string, prepare?: PreparePage): Promise<WatchedPage> {
  const page = await context.newPage();
  const complaints: string[] = [];
  const { origin } = new URL(url);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  page.on("dialog", (dialog) => {
    // The page's own warning before it is left is no fault, and must not hold up whoever leaves.
    if (dialog.type() !== "beforeunload") complaints.push(`dialog: ${dialog.message()}`);
    void dialog.accept();
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) complaints.push(`left the origin: ${request.url()}`);
  });
  await prepare?.(page);
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}
