import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureChromium } from "../../support/programs.js";
import { MeasuredProcess } from "../process/measured-process.js";
import { BenchTab } from "./bench-tab.js";
import { DevTools } from "./dev-tools.js";

/** Nothing that goes to the internet or needs a display, and tabs that are not in front run as fast as those that are. */
const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  "--host-resolver-rules=MAP *.localhost 127.0.0.1",
  // Candidates by address instead of by names that only multicast resolves: WebRTC has to work without a network.
  "--disable-features=WebRtcHideLocalIpsWithMdns",
  "--remote-debugging-port=0",
];

const LOOK_AGAIN_MS = 20;
const START_LIMIT_MS = 60_000;

/** Chromium with a profile on the disk, as people have it: what is stored off the record is an order slower. */
export class MeasuredBrowser {
  readonly process: MeasuredProcess;
  readonly #tools: DevTools;

  private constructor(process: MeasuredProcess, tools: DevTools) {
    this.process = process;
    this.#tools = tools;
  }

  /** `profile`: a folder of its own. */
  static async open(profile: string): Promise<MeasuredBrowser> {
    const chromium = await ensureChromium();
    const process = new MeasuredProcess(chromium, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"]);
    try {
      return new MeasuredBrowser(process, await DevTools.connect(await toolsUrl(profile, process)));
    } catch (error) {
      await process.stop();
      throw error;
    }
  }

  async openTab(url: string): Promise<BenchTab> {
    return await BenchTab.open(this.#tools, url);
  }

  async close(): Promise<void> {
    // So that no process of it writes to the profile any more when its first one has ended.
    await this.#tools.send("Browser.close").catch(() => undefined);
    this.#tools.close();
    await Promise.race([this.process.ended, new Promise((resolve) => setTimeout(resolve, 5_000))]);
    await this.process.stop();
  }
}

/** The browser writes it down once it listens. */
async function toolsUrl(profile: string, { ended }: MeasuredProcess): Promise<string> {
  const over = new AbortController();
  void ended.then(() => over.abort());
  for (const from = performance.now(); !over.signal.aborted && performance.now() - from < START_LIMIT_MS;) {
    const [port, path] = (await readFile(join(profile, "DevToolsActivePort"), "utf8").catch(() => "")).split("\n");
    if (path !== undefined) return `ws://127.0.0.1:${port}${path}`;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  throw new Error("Chromium did not start");
}
