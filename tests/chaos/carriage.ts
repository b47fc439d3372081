import type { Socket } from "node:net";
import type { LineMood } from "./line-mood.js";

/** Read ahead of what has been passed on; about what a socket of the system holds. */
const MOST_QUEUED_BYTES = 256 * 1024;
/** After how long TCP sends again what was lost: at least 200 ms on Linux, doubled each time. */
const RESEND_MS = 250;

/** One direction of a link: takes what one end sends and hands it on, in order, when the line's mood lets it. */
export class Carriage {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #mood: LineMood;
  readonly #queue: { readonly bytes: Buffer | undefined; readonly dueMs: number }[] = [];
  #queuedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isBlocked = false;
  #isLost = false;

  constructor(from: Socket, to: Socket, mood: LineMood) {
    this.#from = from;
    this.#to = to;
    this.#mood = mood;
    from.on("data", (bytes: Buffer) => this.#take(bytes));
    from.on("end", () => this.#take(undefined));
    to.on("drain", () => {
      this.#isBlocked = false;
      this.pump();
    });
    to.on("close", () => clearTimeout(this.#timer));
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** What is sent from now on goes nowhere, nor does what is under way. */
  lose(): void {
    this.#isLost = true;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.pump();
  }

  /** Passes on what is due. */
  pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (!this.#isBlocked && !this.#mood.held && !this.#isLost && !this.#to.destroyed) {
      const [head] = this.#queue;
      if (head === undefined) break;
      const waitMs = head.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.pump(), waitMs);
        break;
      }
      this.#queue.shift();
      this.#pass(head.bytes);
    }
    if (this.#queuedBytes < MOST_QUEUED_BYTES) this.#from.resume();
  }

  #take(bytes: Buffer | undefined): void {
    if (this.#isLost) return;
    const { delayMs, loss } = this.#mood;
    let lateMs = delayMs;
    for (let again = RESEND_MS; Math.random() < loss && again < 8 * RESEND_MS; again *= 2) lateMs += again;
    this.#queue.push({ bytes, dueMs: performance.now() + lateMs });
    this.#queuedBytes += bytes?.length ?? 0;
    if (this.#queuedBytes >= MOST_QUEUED_BYTES) this.#from.pause();
    this.pump();
  }

  /** Undefined: the end. */
  #pass(bytes: Buffer | undefined): void {
    if (bytes === undefined) {
      this.#to.end();
      return;
    }
    this.#queuedBytes -= bytes.length;
    this.#isBlocked = !this.#to.write(bytes);
  }
}
