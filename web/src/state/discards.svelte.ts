import type { EngineCommand, GetItem } from "../engine/messages.js";
import { nameOf } from "../lib/underway.js";

/** What was cancelled a moment ago and can still be had back. */
export interface Discarded {
  readonly infoHash: string;
  readonly name: string;
  /** All of it had come. */
  readonly wasDone: boolean;
  readonly wasRunning: boolean;
}

/** Long enough to read a line and reach a button, by keyboard too. */
const UNDO_MS = 8_000;

/**
 * Cancelling deletes what has come, which may have taken hours: the page hides it and has it paused at once, and has it
 * deleted only when nobody took that back. One at a time: a second one makes the first one final.
 */
export class Discards {
  readonly #post: (command: EngineCommand) => void;
  #last = $state.raw<Discarded | undefined>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(post: (command: EngineCommand) => void) {
    this.#post = post;
  }

  /** What can be had back now. */
  get last(): Discarded | undefined {
    return this.#last;
  }

  discard(get: GetItem): void {
    this.finish();
    const { infoHash, state } = get;
    const wasRunning = ["getting", "stalled", "checking"].includes(state.kind);
    if (wasRunning) this.#post({ type: "pause", infoHash });
    this.#last = { infoHash, name: nameOf(get), wasDone: state.kind === "done", wasRunning };
    this.release();
  }

  undo(): void {
    const last = this.#take();
    if (last?.wasRunning === true) this.#post({ type: "resume", infoHash: last.infoHash });
  }

  /** Nothing can be had back any more. */
  finish(): void {
    const last = this.#take();
    if (last !== undefined) this.#post({ type: "discard", infoHash: last.infoHash });
  }

  /** Somebody is about to decide: time stands still until `release`. */
  hold(): void {
    clearTimeout(this.#timer);
  }

  release(): void {
    clearTimeout(this.#timer);
    if (this.#last !== undefined) this.#timer = setTimeout(() => this.finish(), UNDO_MS);
  }

  #take(): Discarded | undefined {
    clearTimeout(this.#timer);
    const last = this.#last;
    this.#last = undefined;
    return last;
  }
}
