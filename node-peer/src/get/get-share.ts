import { displayName, type Metainfo } from "@shoal/peer-core/torrent";
import { ShoalError, type Hasher } from "@shoal/peer-core";
import { openDownloadFolder, openStdoutStore } from "./download-folder.js";
import type { DownloadStore } from "./download-store.js";
import { DownloadTask, type Downloaded, type DownloadTools } from "./download-task.js";
import type { KnownTrackers } from "../settings/known-trackers.js";
import { RecheckProgress } from "./recheck-progress.js";
import { selectFiles } from "./select-files.js";
import type { CheckedWriter } from "../storage/checked-writer.js";
import { isTargetTaken } from "../storage/open-fs-piece-store.js";
import { doubtOfTarget, tidyTarget } from "../storage/placed-target.js";
import { targetPaths } from "../storage/target-paths.js";
import { resolveTarget, type Target } from "./target.js";
import { UsageError } from "../usage-error.js";

/** What to do about a target that exists. */
export type IfExists = "fail" | "overwrite" | "skip";

/** How shares are to be got. */
export interface GetPlan {
  readonly directory: string;
  readonly ifExists: IfExists;
  /** What is there already is read and hashed again, and what is wrong with it fetched. */
  readonly verify: boolean;
  /** What to do about a target that is taken, where it is not to be touched. */
  readonly adviceIfTaken: string;
  /** What to do about one that may be damaged. */
  readonly adviceIfDamaged: string;
  /** `--select` values; all files when there are none. */
  readonly select: readonly string[];
  readonly toStdout: boolean;
  readonly timeoutMs: number;
  readonly trackers: KnownTrackers;
}

export interface GetTools extends DownloadTools {
  readonly hasher: Hasher;
  readonly checkedWriter: CheckedWriter | undefined;
  readonly signal: AbortSignal;
}

/** Gets what WHAT means; undefined when its target exists and is to be skipped. Throws as `resolveTarget` and `DownloadTask` do. */
export async function getShare(what: string, plan: GetPlan, tools: GetTools): Promise<Downloaded | undefined> {
  const onFailure = (error: ShoalError) => tools.output.warn(error.code, error.message);
  const target = await resolveTarget(what, {
    trackers: plan.trackers,
    hasher: tools.hasher,
    onFailure,
    signal: tools.signal,
  });
  return await new Getting(target, plan, tools).run();
}

/** One target on its way to disk. */
class Getting {
  readonly #target: Target;
  readonly #plan: GetPlan;
  readonly #tools: GetTools;
  #skippedPath: string | undefined;
  /** What went wrong here, before the session made its own of it. */
  #refusal: unknown;

  constructor(target: Target, plan: GetPlan, tools: GetTools) {
    this.#target = target;
    this.#plan = plan;
    this.#tools = tools;
  }

  async run(): Promise<Downloaded | undefined> {
    try {
      // Before anybody is asked for anything: a bad name or a taken one needs no peers to be found out.
      if (this.#target.metainfo) {
        this.#chosen(this.#target.metainfo);
        await this.#check(this.#target.metainfo);
      }
      return await new DownloadTask(
        this.#target,
        {
          openStore: async (metainfo) => await this.#noting(() => this.#openStore(metainfo)),
          select: (metainfo) => this.#chosen(metainfo),
          timeoutMs: this.#plan.timeoutMs,
          signal: this.#tools.signal,
        },
        this.#tools,
      ).run();
    } catch (error) {
      if (this.#skippedPath === undefined) throw this.#refusal ?? error;
      this.#tools.output.event({ event: "skipped", infoHash: this.#target.infoHash, path: this.#skippedPath });
      this.#tools.output.note(`${displayName(this.#skippedPath)} is there already: skipped`);
      return undefined;
    }
  }

  async #noting<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#refusal = error;
      throw error;
    }
  }

  /** Names that make no path, and a target that exists, end it here. Throws ShoalError "unsafe-name", "exists", "disk". */
  async #check(metainfo: Metainfo): Promise<void> {
    const { finalPath } = targetPaths(metainfo, this.#plan.directory);
    if (
      this.#plan.toStdout ||
      this.#plan.verify ||
      this.#plan.ifExists === "overwrite" ||
      !(await isTargetTaken(metainfo, this.#plan.directory))
    )
      return;
    const doubt = await doubtOfTarget(metainfo, this.#plan.directory);
    if (doubt !== undefined) throw new ShoalError("exists", `${doubt}.\n${this.#plan.adviceIfDamaged}`);
    await tidyTarget(metainfo, this.#plan.directory);
    if (this.#plan.ifExists === "skip") this.#skippedPath = finalPath;
    throw new ShoalError("exists", `${displayName(finalPath)} exists already.\n${this.#plan.adviceIfTaken}`);
  }

  async #openStore(metainfo: Metainfo): Promise<DownloadStore> {
    await this.#check(metainfo);
    const { hasher, checkedWriter, signal, output } = this.#tools;
    const select = this.#chosen(metainfo);
    if (this.#plan.toStdout) return await openStdoutStore(metainfo, { hasher, signal }, (bytes) => output.bytes(bytes));
    const { directory, ifExists, verify } = this.#plan;
    const recheck = verify ? new RecheckProgress(metainfo, this.#tools) : undefined;
    try {
      return await openDownloadFolder(metainfo, {
        directory,
        overwrite: ifExists === "overwrite",
        recheck,
        select,
        hasher,
        checkedWriter,
        signal,
      });
    } finally {
      recheck?.end();
    }
  }

  /** Throws UsageError for a choice that fits no file, and for --stdout of several files. */
  #chosen(metainfo: Metainfo): readonly number[] | undefined {
    if (this.#plan.toStdout && metainfo.isMultiFile) {
      throw new UsageError(`--stdout takes shares of a single file; ${displayName(metainfo.name)} is a folder`);
    }
    if (this.#plan.select.length > 0) return selectFiles(this.#plan.select, metainfo);
    return this.#target.select?.filter((index) => index < metainfo.files.length);
  }
}
