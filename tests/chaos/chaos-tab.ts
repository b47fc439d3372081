import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { Browser, BrowserContext, Page } from "playwright";
import { openProfile } from "../e2e/watched-page.js";
import type { Subject } from "./download-part.js";
import type { Ledger } from "./ledger.js";

const LOOK_MS = 500;
/** Nothing that is asked of a page takes a tenth of it, unless the page has crashed or its hub is away. */
const PATIENCE_MS = 5_000;

export interface ChaosTabOptions {
  readonly ledger: Ledger;
  /** Where profiles may be. */
  readonly folder: string;
  /** The hub's page, over the tab's own line. */
  readonly url: string;
  readonly subjects: () => readonly Subject[];
}

/** A browser's tab that gets one share after the other, each with a profile of its own, and is taken up after every crash. */
export class ChaosTab {
  completed = 0;
  /** After this one nothing is got any more. */
  isLast = false;
  readonly #options: ChaosTabOptions;
  #context: BrowserContext | undefined;
  #page: Page | undefined;
  #hasCrashed = false;
  #isClosed = false;
  #isOver = false;
  #round = 0;
  readonly #playing: Promise<void>;

  constructor(options: ChaosTabOptions) {
    this.#options = options;
    this.#playing = this.#play();
  }

  /** Whether the last share is there and right. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What a person sees now. */
  async describe(): Promise<string> {
    const text = await this.#page?.innerText("body", { timeout: PATIENCE_MS }).catch(String);
    return `round ${this.#round}: ${text?.replace(/\s*\n\s*/g, " | ") ?? "no page"}`;
  }

  /** Ends the renderer as a crash does. False when there was none. */
  async crash(): Promise<boolean> {
    const [context, page] = [this.#context, this.#page];
    if (context === undefined || page === undefined || this.#hasCrashed) return false;
    // Its share may have come this moment, and the browser be closing.
    const devtools = await context.newCDPSession(page).catch(() => undefined);
    if (devtools === undefined) return false;
    // Never answered: who would answer is gone.
    void devtools.send("Page.crash").catch(() => undefined);
    this.#hasCrashed = true;
    return true;
  }

  /** Stops the renderer; returns what lets it go on, undefined when there was none. */
  async stop(): Promise<(() => void) | undefined> {
    const browser = this.#context?.browser();
    if (!browser) return undefined;
    const renderers = await renderersOf(browser).catch(() => []);
    if (renderers.length === 0) return undefined;
    for (const pid of renderers) signalIfThere(pid, "SIGSTOP");
    return () => {
      for (const pid of renderers) signalIfThere(pid, "SIGCONT");
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#context?.close().catch(() => undefined);
    await this.#playing;
  }

  get #subject(): Subject {
    const subjects = this.#options.subjects();
    return subjects[this.#round % subjects.length]!;
  }

  get #profile(): string {
    return `${this.#options.folder}/profile-${this.#round}`;
  }

  async #play(): Promise<void> {
    while (!this.#isClosed && !this.#isOver) {
      try {
        await this.#act();
      } catch {
        // The page has crashed, or its hub is away: it is looked at again.
        await pause(LOOK_MS);
      }
    }
  }

  /** Does what a person would do now. */
  async #act(): Promise<void> {
    const page = await this.#openPage();
    const state = page.getByTestId("get-state").first();
    const kind =
      (await state.count()) > 0 ? await state.getAttribute("data-state", { timeout: PATIENCE_MS }) : undefined;
    const click = async (button: string) => await page.getByTestId(button).first().click({ timeout: PATIENCE_MS });
    if (kind === "done") await this.#finish(page);
    else if (kind === "interrupted" || kind === "failed") await click("resume-button");
    else if ((await page.getByTestId("get-button").count()) > 0) await click("get-button");
    // A connection was cut before the script was here; the page says what to do.
    else if ((await page.getByText("Reload it").count()) > 0) await page.reload({ timeout: PATIENCE_MS });
    await pause(LOOK_MS);
  }

  async #openPage(): Promise<Page> {
    this.#context ??= await openProfile(this.#profile);
    if (this.#page !== undefined && !this.#hasCrashed) return this.#page;
    await this.#page?.close().catch(() => undefined);
    this.#page = undefined;
    const page = await this.#context.newPage();
    await page
      .goto(`${this.#options.url}#/s/${this.#subject.infoHash}`, { timeout: PATIENCE_MS })
      .catch(async (error: unknown) => {
        await page.close();
        throw error;
      });
    this.#hasCrashed = false;
    return (this.#page = page);
  }

  async #finish(page: Page): Promise<void> {
    const saving = page.waitForEvent("download", { timeout: PATIENCE_MS });
    const [download] = await Promise.all([saving, page.getByTestId("save-button").click({ timeout: PATIENCE_MS })]);
    const bytes = await readFile(await download.path());
    const content = createHash("sha1").update(bytes).digest("hex");
    if (content !== this.#subject.content)
      this.#options.ledger.complain(`the tab saved other bytes than ${this.#subject.name} has`);
    this.#options.ledger.say(`the tab has saved ${this.#subject.name}`);
    const context = this.#context;
    this.#context = this.#page = undefined;
    await context?.close();
    await rm(this.#profile, { recursive: true, force: true });
    this.completed += 1;
    this.#round += 1;
    this.#isOver = this.isLast;
  }
}

/** Ids of its processes that draw pages; rejects when it is closing. */
async function renderersOf(browser: Browser): Promise<readonly number[]> {
  const devtools = await browser.newBrowserCDPSession();
  const { processInfo } = await devtools.send("SystemInfo.getProcessInfo");
  await devtools.detach();
  return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
}

/** A renderer may end at any time. */
function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
