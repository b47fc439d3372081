import { join } from "node:path";
import type { Share } from "../contenders/contender.js";
import { event, run, ShoalHub } from "../contenders/shoal.js";
import type { BenchTab } from "./bench-tab.js";
import { partDigestsIn, storedFile } from "./part-digests.js";
import type { OpenTabs, TabContender, TabSetting } from "./tab-contender.js";

/** Shoal's page at a hub of its own for each run, whose relay knows nothing yet. */
export class ShoalTabs implements TabContender {
  readonly name: string;
  readonly isOurs = true;
  readonly part = 1;
  readonly #from: "tab" | "node";

  /** `from`: who shares: another tab, through the hub's relay, or `shoal upload`, which a tab can dial. */
  constructor(from: "tab" | "node") {
    this.name = from === "tab" ? "Shoal, tab to tab" : "Shoal, Node to tab";
    this.#from = from;
  }

  open(): Promise<string> {
    return Promise.resolve("Shoal");
  }

  async openTabs(setting: TabSetting): Promise<OpenTabs> {
    const hub = await ShoalHub.start(join(setting.folder, "hub"));
    return this.#from === "tab" ? await fromTab(hub, setting) : await fromNode(hub, setting);
  }

  async close(): Promise<void> {
    // Nothing outlives a run.
  }
}

async function fromTab(hub: ShoalHub, { browser, share }: TabSetting): Promise<OpenTabs> {
  const sharer = await browser.openTab(pageOf(hub, "sharer"));
  const getter = await browser.openTab(pageOf(hub, "getter"));
  return {
    others: [hub.process],
    share: async () => {
      await shareIn(sharer, share);
      await lookIn(getter, share);
    },
    carry: () => getIn(getter),
    digests: () => digestsIn(getter, share),
    close: () => hub.stop(),
  };
}

async function fromNode(hub: ShoalHub, { browser, share, folder }: TabSetting): Promise<OpenTabs> {
  const getter = await browser.openTab(pageOf(hub, "getter"));
  const seeder = run(["upload", join(share.folder, share.name), "--tracker", hub.tracker], join(folder, "seeder"));
  await event(seeder, "shared");
  return {
    others: [hub.process, seeder],
    share: () => lookIn(getter, share),
    carry: () => getIn(getter),
    digests: () => digestsIn(getter, share),
    close: async () => {
      await seeder.stop();
      await hub.stop();
    },
  };
}

/** The page of a hub as another origin than under any other name: tabs of one origin would share their storage. */
export function pageOf(hub: ShoalHub, name: string): string {
  return `http://${name}.localhost:${hub.port}/`;
}

/** Drops a share's file on the page of a tab; resolves when it is shared. */
export async function shareIn(tab: BenchTab, share: Share): Promise<void> {
  await tab.pick('[data-testid="file-input"]', join(share.folder, share.name));
  await tab.shows('[data-testid="share-state"][data-state="sharing"]');
  const link = await tab.textOf('[data-testid="share-link"]');
  if (!link.includes(share.infoHash)) throw new Error(`The tab shares ${link} instead of ${share.infoHash}`);
}

/** Opens a share's link in a tab; resolves when it may be got. */
export async function lookIn(tab: BenchTab, share: Share): Promise<void> {
  await tab.evaluate(`location.hash = "#/s/${share.infoHash}"`);
  await tab.shows('[data-testid="get-button"]');
}

/** Gets what a tab looks at; resolves when it has all of it. */
export async function getIn(tab: BenchTab): Promise<void> {
  await tab.click('[data-testid="get-button"]');
  await tab.shows('[data-testid="get-state"][data-state="done"], [data-testid="get-state"][data-state="failed"]');
  const state = await tab.evaluate<string>(`document.querySelector('[data-testid="get-state"]').dataset.state`);
  if (state !== "done") throw new Error("The tab could not get it");
}

/** See `OpenTabs`. */
export async function digestsIn(tab: BenchTab, { infoHash }: Share): Promise<readonly string[]> {
  return await partDigestsIn(tab, storedFile(["shoal", infoHash, "file-0"]));
}
