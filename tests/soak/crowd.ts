import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { CrowdOrder, CrowdReport } from "./crowd-messages.js";

/** Reasons of failures that are told; there should be none. */
const TOLD = 5;

/** What all crowds together have done. */
export interface CrowdTally {
  got: number;
  failed: number;
  slowestMs: number;
  readonly reasons: string[];
}

/** One process full of peers that come and go; it can be killed with all of them. */
export class Crowd {
  readonly #tally: CrowdTally;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(order: CrowdOrder, tally: CrowdTally) {
    this.#tally = tally;
    this.#child = fork(fileURLToPath(new URL("crowd-process.ts", import.meta.url)), {
      execArgv: ["--conditions=source", "--import", "tsx"],
    });
    this.#exited = once(this.#child, "exit");
    this.#child.on("message", (message) => this.#hear(message as CrowdReport));
    this.#child.send(order);
  }

  /** As a power failure: nobody is told. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  /** All leave in order. */
  async leave(): Promise<void> {
    this.#child.send("leave");
    await this.#exited;
  }

  #hear(report: CrowdReport): void {
    if (report.kind === "got") {
      this.#tally.got++;
      this.#tally.slowestMs = Math.max(this.#tally.slowestMs, report.ms);
    } else if (report.kind === "failed") {
      this.#tally.failed++;
      if (this.#tally.reasons.length < TOLD) this.#tally.reasons.push(report.why);
    }
  }
}
