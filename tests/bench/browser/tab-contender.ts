import type { Share } from "../contenders/contender.js";
import type { MeasuredProcess } from "../process/measured-process.js";
import type { MeasuredBrowser } from "./measured-browser.js";

/** Where one run takes place. */
export interface TabSetting {
  readonly browser: MeasuredBrowser;
  readonly share: Share;
  /** A folder of its own, empty. */
  readonly folder: string;
}

/** Tabs that are open and idle. */
export interface OpenTabs {
  /** What takes part besides the browser: server, hub, seeder. */
  readonly others: readonly MeasuredProcess[];
  /** Shares what is to be got; nothing is carried yet. */
  share(): Promise<void>;
  /** Resolves when all of it is in the tab that wants it, verified and stored where the contender does so. */
  carry(): Promise<void>;
  /** SHA-1 of each part of what was got (see `PART_BYTES`), in hexadecimal; undefined where it is not kept. */
  digests(): Promise<readonly string[] | undefined>;
  /** Ends the others. */
  close(): Promise<void>;
}

/** A way to bring a share into a tab, as it is measured. */
export interface TabContender {
  /** In the tables. */
  readonly name: string;
  readonly isOurs: boolean;
  /** Carries this part of the file: 1 for all but those who would take minutes. */
  readonly part: number;
  /** Makes ready what is needed once; resolves with its version, rejects with what is missing. */
  open(): Promise<string>;
  openTabs(setting: TabSetting): Promise<OpenTabs>;
  /** Ends what `open` started. */
  close(): Promise<void>;
}
