import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Share } from "../contenders/contender.js";
import type { MeasuredProcess } from "../process/measured-process.js";
import type { Place } from "../process/used-memory.js";
import { readOnce } from "../transfer/prepare-share.js";
import { BrowserWatch } from "./browser-watch.js";
import { MeasuredBrowser } from "./measured-browser.js";
import type { OpenTabs, TabContender } from "./tab-contender.js";

/** What carrying a share into a tab cost. */
export interface TabRun {
  readonly bytes: number;
  /** From the order to get it to all of it verified, and stored where the contender does so. */
  readonly seconds: number;
  /** Of all the browser's processes meanwhile. */
  readonly browserCpuSeconds: number;
  /** Of everybody else who took part: server, hub, seeder. */
  readonly otherCpuSeconds: number;
  /** Private memory of all the browser's processes at its peak, less what they had with the same tabs open and idle. */
  readonly aboveIdleBytes: number;
}

/** A share and what its parts hash to. */
export interface TabShare {
  readonly share: Share;
  readonly digests: readonly string[];
}

/** Carries a share into a tab of a browser that is started for it. Rejects when something else came. */
export async function runInTabs(
  contender: TabContender,
  { share, digests }: TabShare,
  { folder, useMemory }: Place,
): Promise<TabRun> {
  const own = join(folder, "tabs");
  await mkdir(own, { recursive: true });
  const browser = await MeasuredBrowser.open(join(folder, "profile"));
  try {
    const tabs = await contender.openTabs({ browser, share, folder: own });
    try {
      await useMemory();
      const run = await measure(browser, tabs, share);
      const got = await tabs.digests();
      if (got !== undefined && got.join() !== digests.join())
        throw new Error("What the tab has is not what was shared");
      return run;
    } finally {
      await tabs.close();
    }
  } finally {
    await browser.close();
    await rm(own, { recursive: true, force: true });
    await rm(join(folder, "profile"), { recursive: true, force: true });
  }
}

async function measure(browser: MeasuredBrowser, tabs: OpenTabs, share: Share): Promise<TabRun> {
  const watch = await BrowserWatch.ofIdle([browser]);
  await tabs.share();
  await readOnce(join(share.folder, share.name));
  watch.begin();
  try {
    const othersBefore = cpuOf(tabs.others);
    const startMs = performance.now();
    await tabs.carry();
    const seconds = (performance.now() - startMs) / 1000;
    const { cpuSeconds: browserCpuSeconds, aboveIdleBytes } = watch.end();
    const { bytes } = share;
    return { bytes, seconds, browserCpuSeconds, aboveIdleBytes, otherCpuSeconds: cpuOf(tabs.others) - othersBefore };
  } finally {
    watch.end();
  }
}

function cpuOf(processes: readonly MeasuredProcess[]): number {
  return processes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}
