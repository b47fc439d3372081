import type { Clock, Timer } from "../src/ports/runtime.js";
import type { MemoryDownlink } from "./memory-downlink.js";
import type { MemoryLine } from "./memory-line.js";
import { MemoryOutbox } from "./memory-outbox.js";
import type { MemoryUplink, UplinkSender } from "./memory-uplink.js";

/** The limits of the real adapters, so that the core meets the same behaviour in a simulation. */
export const DRAIN_BYTES = 256 * 1024;
const GIVE_UP_BYTES = 4 * 1024 * 1024;
const GIVE_UP_MS = 30_000;

/** One turn on a limited line takes about this long, so that a slow line is shared finely and a fast one costs little. */
const TURN_SECONDS = 0.02;
const MIN_TURN_BYTES = 4 * 1024;
const MAX_TURN_BYTES = 256 * 1024;

/** What a kernel goes on taking for a host that no longer answers. */
const KERNEL_BUFFER_BYTES = 64 * 1024;

/** How a stream ends. */
export interface Ending {
  readonly code: number;
  readonly message: string;
}

/** Bytes, or the end of the stream, on their way. */
export interface Flight {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly end: Ending | undefined;
}

export interface MemoryLinkSenderOptions {
  readonly clock: Clock;
  readonly uplink: MemoryUplink;
  readonly line: MemoryLine<Flight>;
  /** The other side's, which bounds what may be under way. */
  readonly downlink: () => MemoryDownlink;
  /** False when nothing that is sent is acknowledged any more. */
  readonly isAnswered: () => boolean;
  readonly onSent: (bytes: number) => void;
  readonly onDrain: () => void;
  readonly onGiveUp: (message: string) => void;
}

/** The sending half of a link's end: a queue, a share of the uplink, a window, and an end to patience. */
export class MemoryLinkSender implements UplinkSender {
  readonly #options: MemoryLinkSenderOptions;
  readonly #outbox = new MemoryOutbox(DRAIN_BYTES);
  #ending: Ending | undefined;
  #isEndingTaken = false;
  #isStopped = false;
  #taken: Flight | undefined;
  #unackedBytes = 0;
  #lastProgressAt = 0;
  #stallTimer: Timer | undefined;

  constructor(options: MemoryLinkSenderOptions) {
    this.#options = options;
  }

  get queuedBytes(): number {
    return this.#outbox.bytes;
  }

  send(bytes: Uint8Array): void {
    const { clock, onGiveUp } = this.#options;
    if (this.#outbox.bytes === 0) this.#lastProgressAt = clock.now();
    this.#outbox.push(bytes);
    if (this.#outbox.bytes > GIVE_UP_BYTES) {
      onGiveUp("More than 4 MiB wait to be sent");
      return;
    }
    this.#stallTimer ??= clock.schedule(GIVE_UP_MS, this.#checkStall);
    this.wake();
  }

  /** Sends `ending` after what is queued. */
  end(ending: Ending): void {
    this.#ending = ending;
    this.wake();
  }

  /** Drops what is queued and sends nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#stallTimer?.cancel();
    this.#outbox.clear();
    this.#noteUnacked(-this.#unackedBytes);
  }

  /** `bytes` have come through to the other side. */
  acknowledge(bytes: number): void {
    if (this.#isStopped) return;
    this.#noteUnacked(-bytes);
    this.wake();
  }

  /** Something has changed that may let bytes leave. */
  wake(): void {
    this.#options.uplink.wake(this);
  }

  get isReady(): boolean {
    if (this.#taken !== undefined || this.#isStopped) return false;
    if (this.#outbox.bytes > 0) return this.#unackedBytes < this.#windowBytes();
    return this.#ending !== undefined && !this.#isEndingTaken;
  }

  take(): number {
    const parts = this.#outbox.take(this.#turnBytes());
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    this.#isEndingTaken = this.#ending !== undefined && bytes === this.#outbox.bytes;
    this.#taken = { parts, bytes, end: this.#isEndingTaken ? this.#ending : undefined };
    return bytes;
  }

  sent(): void {
    const flight = this.#taken;
    this.#taken = undefined;
    if (flight === undefined || this.#isStopped) return;
    this.#lastProgressAt = this.#options.clock.now();
    this.#noteUnacked(flight.bytes);
    this.#options.onSent(flight.bytes);
    const hasDrained = this.#outbox.leave(flight.bytes);
    this.#options.line.push(flight);
    if (hasDrained) this.#options.onDrain();
  }

  /** Bytes that may be under way: what the way holds at this link's share of it, and two turns more. */
  #windowBytes(): number {
    const bytesPerSecond = this.#bytesPerSecond();
    if (bytesPerSecond === Infinity || !this.#options.isAnswered()) return this.#turnBytes();
    return 2 * this.#turnBytes() + (bytesPerSecond * 2 * this.#options.line.latencyMs) / 1000;
  }

  #turnBytes(): number {
    if (!this.#options.isAnswered()) return KERNEL_BUFFER_BYTES;
    const bytesPerSecond = this.#bytesPerSecond();
    if (bytesPerSecond === Infinity) return Infinity;
    return Math.min(MAX_TURN_BYTES, Math.max(MIN_TURN_BYTES, Math.floor(bytesPerSecond * TURN_SECONDS)));
  }

  #bytesPerSecond(): number {
    const downlink = this.#options.downlink();
    const share = downlink.bytesPerSecond / Math.max(1, downlink.activeLinks);
    return Math.min(this.#options.uplink.bytesPerSecond, share);
  }

  #noteUnacked(bytes: number): void {
    if (bytes === 0) return;
    const downlink = this.#options.downlink();
    if (this.#unackedBytes === 0) downlink.activeLinks++;
    this.#unackedBytes += bytes;
    if (this.#unackedBytes === 0) downlink.activeLinks--;
  }

  readonly #checkStall = (): void => {
    const { clock, onGiveUp } = this.#options;
    this.#stallTimer = undefined;
    if (this.#outbox.bytes === 0) return;
    const stalledMs = clock.now() - this.#lastProgressAt;
    if (stalledMs >= GIVE_UP_MS) onGiveUp("Nothing has left for 30 s");
    // A wait of less than the clock can tell would come at the same time again, for ever.
    else this.#stallTimer = clock.schedule(Math.max(1, GIVE_UP_MS - stalledMs), this.#checkStall);
  };
}
