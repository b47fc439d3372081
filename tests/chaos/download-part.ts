import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Ending, EventOf } from "../support/processes.js";
import { hashFile } from "../support/file-content.js";
import type { Part, Run } from "./actor.js";
import type { Ledger } from "./ledger.js";

/** A share that there is to get. */
export interface Subject {
  readonly infoHash: string;
  readonly name: string;
  readonly content: string;
  readonly size: number;
  readonly pieceLength: number;
}

/**
 * Pieces that may be written and not recorded yet when a process is killed (as in the tests of the store), and those of
 * which its last event, up to half a second old, does not tell make up for each other.
 */
const UNRECORDED_PIECES = 16;

/**
 * In flight at each fault: what was asked for and not verified. Windows and unfinished pieces at these rates (2 MiB a second
 * at most) come to so much at worst; what a fault far away costs (asked again elsewhere after a time-out) is no more.
 */
const IN_FLIGHT_BYTES = 1024 * 1024;

/** Ends that are right for a download during faults: done, no tracker, nobody there, disk full. */
const ALLOWED_CODES = [0, 1, 4, 6];

export interface DownloadPartOptions {
  readonly name: string;
  readonly ledger: Ledger;
  /** All shares, got one after the other. */
  readonly subjects: () => readonly Subject[];
  /** Options of the command. */
  readonly options: readonly string[];
  /** Where to, as the process sees it and as this one does. */
  readonly folder: string;
  readonly outside: string;
}

/** Gets one share after the other, sees that each comes out right, and counts what was fetched in vain. */
export class DownloadPart implements Part {
  completed = 0;
  completedBytes = 0;
  /** The most that one run fetched beyond what it kept, and in all. */
  worstSurplus = 0;
  totalSurplus = 0;
  /** After this one nothing is got any more. */
  isLast = false;
  readonly #options: DownloadPartOptions;
  readonly #checks: Promise<void>[] = [];
  #round = 0;
  #verified = 0;
  #isDamaged = false;
  #isOver = false;

  constructor(options: DownloadPartOptions, firstRound: number) {
    this.#options = options;
    this.#round = firstRound;
  }

  /** Whether the last one is there and right. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The folder that is being got into, as this process sees it. */
  get folder(): string {
    return join(this.#options.outside, String(this.#round));
  }

  readonly args = (): readonly string[] | undefined => {
    if (this.#isOver) return undefined;
    // Killed between the last byte and its end, it is done when it starts again.
    return [
      "download",
      "--skip",
      this.#subject.infoHash,
      "-o",
      join(this.#options.folder, String(this.#round)),
      ...this.#options.options,
    ];
  };

  /** What is on disk is not what was told any more: less may be found. */
  damaged(): void {
    this.#isDamaged = true;
  }

  readonly ended = (run: Run, { code }: Ending): boolean => {
    this.#count(run);
    if (code === 0) this.#next();
    return code !== null && ALLOWED_CODES.includes(code);
  };

  /** Resolves when everything that was completed has been compared. */
  async checked(): Promise<void> {
    await Promise.all(this.#checks);
  }

  get #subject(): Subject {
    const subjects = this.#options.subjects();
    return subjects[this.#round % subjects.length]!;
  }

  #count({ process, fromMs }: Run): void {
    const told = process.all("progress");
    const [first, last] = [told[0], told.at(-1)];
    if (first === undefined || last === undefined) return;
    this.#expectKept(first);
    this.#verified = last.done;
    const surplus = last.downloaded - (last.done - first.done);
    this.worstSurplus = Math.max(this.worstSurplus, surplus);
    this.totalSurplus += surplus;
    const faults = this.#options.ledger.hitsDuring({ fromMs, toMs: Date.now() });
    if (surplus > (faults + 1) * IN_FLIGHT_BYTES)
      this.#complain(`fetched ${surplus} bytes in vain while there were ${faults} faults`);
    for (const { peerId, reason } of process.all("peer").filter(({ change }) => change === "banned"))
      this.#complain(`banned ${peerId}, though everybody is honest: ${String(reason)}`);
  }

  #expectKept({ done }: EventOf<"progress">): void {
    const least = this.#verified - UNRECORDED_PIECES * this.#subject.pieceLength;
    if (!this.#isDamaged && done < least)
      this.#complain(`had verified ${this.#verified} bytes and found ${done} again`);
    this.#isDamaged = false;
  }

  #next(): void {
    const [subject, folder] = [this.#subject, this.folder];
    this.completed += 1;
    this.completedBytes += subject.size;
    this.#verified = 0;
    this.#isOver = this.isLast;
    this.#round += 1;
    this.#checks.push(this.#check(subject, folder));
  }

  async #check({ name, content }: Subject, folder: string): Promise<void> {
    try {
      const found = await readdir(folder);
      if (found.join() !== name) this.#complain(`left ${found.join(", ")} for ${name}`);
      if ((await hashFile(join(folder, name))) !== content) this.#complain(`got other bytes than ${name} has`);
      await rm(folder, { recursive: true });
    } catch (error) {
      this.#complain(`${name} cannot be compared: ${String(error)}`);
    }
  }

  #complain(what: string): void {
    this.#options.ledger.complain(`${this.#options.name} ${what}`);
  }
}
