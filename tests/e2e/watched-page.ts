import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright";
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

/** A page of which everything is noted that should not happen. */
export interface WatchedPage {
  readonly page: Page;
  /** Console errors, uncaught exceptions, and requests that leave the origin or fail. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** The system's Chromium, headless. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await ensureChromium(), args: FLAGS });
}

/** Opens `url` in a context of its own; `script` runs in it before anything of the page does. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  script?: string,
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  if (script !== undefined) await context.addInitScript(script);
  const page = await context.newPage();
  const complaints: string[] = [];
  const { origin } = new URL(url);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) complaints.push(`left the origin: ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}
