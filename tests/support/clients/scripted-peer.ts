import type { Job, OrdinaryPeer } from "./ordinary-peer.js";
import { ProgramProcess } from "./program-process.js";

/** A client that is a library: a script beside this file drives it and prints which pieces it holds. */
export class ScriptedPeer implements OrdinaryPeer {
  readonly client: string;
  readonly #process: ProgramProcess;
  #held: readonly boolean[] = [];

  /** `command` runs the script; it gets the job as JSON. */
  constructor(client: string, command: readonly string[], job: Job) {
    this.client = client;
    const { machine, source, folder, encryption = "never", bytesPerSecond = 0 } = job;
    const argument = JSON.stringify({ source, folder, encryption, bytesPerSecond });
    this.#process = new ProgramProcess([...machine.under, ...command, argument], {
      folder,
      onLine: (line) => this.#onLine(line),
    });
  }

  get said(): string {
    return this.#process.said;
  }

  held(): Promise<readonly boolean[]> {
    if (this.#process.ending) return Promise.reject(new Error(`${this.client} has ended:\n${this.said}`));
    return Promise.resolve(this.#held);
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  async kill(): Promise<void> {
    await this.#process.kill();
  }

  #onLine(line: string): void {
    const { pieces } = JSON.parse(line) as { pieces: string };
    this.#held = Array.from(pieces, (piece) => piece === "1");
  }
}
