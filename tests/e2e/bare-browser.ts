import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { ensureChromium } from "../support/programs.js";
import { DevtoolsLine } from "./devtools-line.js";
import { FLAGS } from "./watched-page.js";

/** A browser that is asked to end has written its profile by then. */
const CLOSE_LIMIT_MS = 10_000;

/**
 * Chromium without a window, with a profile on disk, under a bare line: for transfers whose speed or memory counts.
 * Playwright keeps and copies what passes through a page.
 */
export class BareBrowser {
  readonly #child: ChildProcess;
  readonly #line: DevtoolsLine;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, "exit");
    this.#line = new DevtoolsLine(child.stdio[3] as Writable, child.stdio[4] as Readable);
  }

  /** Keeps its profile below `folder`, and every download in `folder/saved`, under the name that the page gives it. */
  static async launch(folder: string): Promise<BareBrowser> {
    const own = ["--headless", "--remote-debugging-pipe", `--user-data-dir=${join(folder, "profile")}`];
    const child = spawn(await ensureChromium(), [...FLAGS, ...own, "about:blank"], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    const browser = new BareBrowser(child);
    const downloadPath = join(folder, "saved");
    await browser.#line.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath, eventsEnabled: true });
    return browser;
  }

  /** The process from which all others of this browser come. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async openTab(url: string): Promise<BareTab> {
    const blank = { url: "about:blank" };
    const { targetId } = await this.#line.send<{ targetId: string }>("Target.createTarget", blank);
    const attach = { targetId, flatten: true };
    const { sessionId } = await this.#line.send<{ sessionId: string }>("Target.attachToTarget", attach);
    await this.#line.send("Page.enable", {}, sessionId);
    const loaded = this.#line.event("Page.loadEventFired", () => true, sessionId);
    await this.#line.send("Page.navigate", { url }, sessionId);
    await loaded;
    return new BareTab(this.#line, sessionId);
  }

  /** Resolves when the next download is whole; rejects when it is given up. */
  async downloaded(): Promise<void> {
    const { state } = await this.#line.event<{ state: string }>(
      "Browser.downloadProgress",
      (progress) => progress.state !== "inProgress",
    );
    if (state !== "completed") throw new Error(`The download is ${state}`);
  }

  async close(): Promise<void> {
    const late = setTimeout(() => this.#child.kill("SIGKILL"), CLOSE_LIMIT_MS);
    await this.#line.send("Browser.close").catch(() => undefined);
    await this.#ended;
    clearTimeout(late);
  }
}

/** A tab of which nothing is watched: it is asked when something is to be known. */
export class BareTab {
  readonly #line: DevtoolsLine;
  readonly #sessionId: string;

  constructor(line: DevtoolsLine, sessionId: string) {
    this.#line = line;
    this.#sessionId = sessionId;
  }

  /** The JSON value of an expression, or what its promise resolves to. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const how = { expression, awaitPromise: true, returnByValue: true };
    interface Answer {
      readonly result: { readonly value: Value };
      readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } };
    }
    const { result, exceptionDetails } = await this.#line.send<Answer>("Runtime.evaluate", how, this.#sessionId);
    if (exceptionDetails === undefined) return result.value;
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  }

  /** Waits until the page has an element that `selector` matches. */
  async shown(selector: string): Promise<void> {
    await this.evaluate(`new Promise((resolve) => {
      const look = () => document.querySelector(${JSON.stringify(selector)}) !== null && (resolve(), watch.disconnect());
      const watch = new MutationObserver(look);
      watch.observe(document, { subtree: true, childList: true, attributes: true });
      look();
    })`);
  }

  /** Picks a file of this machine in the input that `selector` matches, as a person does. */
  async pick(selector: string, path: string): Promise<void> {
    await this.shown(selector);
    const question = { expression: `document.querySelector(${JSON.stringify(selector)})` };
    const found = await this.#line.send<{ result: { objectId: string } }>(
      "Runtime.evaluate",
      question,
      this.#sessionId,
    );
    const { objectId } = found.result;
    await this.#line.send("DOM.setFileInputFiles", { files: [path], objectId }, this.#sessionId);
  }

  async click(selector: string): Promise<void> {
    await this.shown(selector);
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }
}
