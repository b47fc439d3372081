import { spawnSync } from "node:child_process";
import type { BenchTab } from "./bench-tab.js";
import { ensureChromium } from "../../support/programs.js";
import { partDigestsIn, storedFile } from "./part-digests.js";
import { startRivalServer } from "./rival-server.js";
import type { OpenTabs, TabContender, TabSetting } from "./tab-contender.js";

/** The browser's own `fetch` in a worker, from nginx: what this browser does for the same bytes without peers. */
export class FetchTab implements TabContender {
  readonly name: string;
  readonly isOurs = false;
  readonly part = 1;
  readonly #isKept: boolean;

  /** `isKept`: each piece is hashed and stored in OPFS, too. */
  constructor(isKept: boolean) {
    this.#isKept = isKept;
    this.name = isKept ? "fetch + SHA-1 + OPFS" : "fetch";
  }

  async open(): Promise<string> {
    const { stdout } = spawnSync(await ensureChromium(), ["--version"], { encoding: "utf8" });
    return `Chromium ${/\d+(\.\d+)+/.exec(stdout)?.[0] ?? "?"}`;
  }

  async openTabs({ browser, share, folder }: TabSetting): Promise<OpenTabs> {
    const { process, port } = await startRivalServer(folder, share.folder);
    const tab: BenchTab = await browser.openTab(`http://127.0.0.1:${port}/fetch.html`);
    const order = { url: `content/${share.name}`, pieceLength: share.pieceLength, isKept: this.#isKept };
    return {
      others: [process],
      share: () => Promise.resolve(),
      carry: async () => {
        const bytes = await tab.evaluate<number>(`carry(${JSON.stringify(order)})`);
        if (bytes !== share.bytes) throw new Error(`fetch brought ${bytes} of ${share.bytes} bytes`);
      },
      digests: async () => (this.#isKept ? await partDigestsIn(tab, storedFile(["got"])) : undefined),
      close: () => process.stop(),
    };
  }

  async close(): Promise<void> {
    // Nothing outlives a run.
  }
}
