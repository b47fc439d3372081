import { invariant } from "../src/base/invariant.js";
import type { CloseReason, Connection, ConnectionEvents } from "../src/ports/connection.js";
import type { Clock, Timer } from "../src/ports/runtime.js";
import { cutStream } from "./cut-stream.js";
import type { MemoryDownlink } from "./memory-downlink.js";
import { MemoryLine } from "./memory-line.js";
import { MemoryOutbox } from "./memory-outbox.js";
import type { MemoryUplink, UplinkSender } from "./memory-uplink.js";
import type { SeededRandom } from "./seeded-random.js";

/** The limits of the real adapters, so that the core meets the same behaviour in a simulation. */
const DRAIN_BYTES = 256 * 1024;
const GIVE_UP_BYTES = 4 * 1024 * 1024;
const GIVE_UP_MS = 30_000;
const CLOSE_DEADLINE_MS = 5_000;

/** One turn on a limited line takes about this long, so that a slow line is shared finely and a fast one costs little. */
const TURN_SECONDS = 0.02;
const MIN_TURN_BYTES = 4 * 1024;
const MAX_TURN_BYTES = 256 * 1024;

/** What a kernel goes on taking for a host that no longer answers. */
const KERNEL_BUFFER_BYTES = 64 * 1024;

/** What one end of a link knows of its host. */
export interface MemoryLinkSide {
  readonly label: string;
  readonly remoteAddress: string;
  readonly uplink: MemoryUplink;
  readonly downlink: MemoryDownlink;
  /** Called once, when this end is closed or its process has died. */
  onGone(end: MemoryLinkEnd): void;
  onSent(bytes: number): void;
  onReceived(bytes: number): void;
}

export interface MemoryLinkOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** One way. */
  readonly latencyMs: number;
  /** Probability that a turn's bytes have to be sent again. */
  readonly loss: number;
  /** Deliver streams merged and cut at random, in buffers that are overwritten after the call. */
  readonly cut: boolean;
}

/** Bytes, or the end of the stream, on their way. */
interface Flight {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly end: Ending | undefined;
}

interface Ending {
  readonly code: number;
  readonly message: string;
}

/** One end of a simulated link; `MemoryLinkEnd.pair` makes both. */
export class MemoryLinkEnd implements Connection, UplinkSender {
  readonly label: string;
  readonly remoteAddress: string;
  readonly drainBytes = DRAIN_BYTES;
  readonly #side: MemoryLinkSide;
  readonly #options: MemoryLinkOptions;
  readonly #line: MemoryLine<Flight>;
  /** Itself until `pair` has set it. */
  #other: MemoryLinkEnd = this;
  #status: "open" | "closing" | "closed" | "vanished" = "open";
  #events: ConnectionEvents | undefined;
  /** Set once this end is closed and until `onClosed` was told. */
  #untoldReason: CloseReason | undefined;
  #ownEnding: Ending | undefined;
  #isEndingSent = false;
  #deadline: Timer | undefined;
  readonly #outbox = new MemoryOutbox(DRAIN_BYTES);
  #taken: Flight | undefined;
  #unackedBytes = 0;
  #lastProgressAt = 0;
  #stallTimer: Timer | undefined;
  readonly #inbox: Flight[] = [];
  #isInboxOpen = false;
  #arrivedFlights = 0;

  private constructor(side: MemoryLinkSide, options: MemoryLinkOptions) {
    this.#side = side;
    this.#options = options;
    this.label = side.label;
    this.remoteAddress = side.remoteAddress;
    this.#line = new MemoryLine(options, (flight) => this.#other.#arrive(flight));
  }

  /** The two ends of a new link. */
  static pair(
    a: MemoryLinkSide,
    b: MemoryLinkSide,
    options: MemoryLinkOptions,
  ): readonly [MemoryLinkEnd, MemoryLinkEnd] {
    const first = new MemoryLinkEnd(a, options);
    const second = new MemoryLinkEnd(b, options);
    first.#other = second;
    second.#other = first;
    return [first, second];
  }

  /** False once closed or dead. */
  get isAlive(): boolean {
    return this.#status === "open" || this.#status === "closing";
  }

  get queuedBytes(): number {
    return this.#outbox.bytes;
  }

  attach(events: ConnectionEvents): void {
    invariant(this.#events === undefined, "a connection is attached once");
    this.#events = events;
    this.#options.clock.schedule(0, () => {
      this.#isInboxOpen = true;
      this.#deliver();
      this.#tellClosed();
    });
  }

  send(bytes: Uint8Array): void {
    if (this.#status !== "open" || bytes.length === 0) return;
    if (this.#outbox.bytes === 0) this.#lastProgressAt = this.#options.clock.now();
    this.#outbox.push(bytes);
    if (this.#outbox.bytes > GIVE_UP_BYTES) {
      this.lose("More than 4 MiB wait to be sent");
      return;
    }
    this.#stallTimer ??= this.#options.clock.schedule(GIVE_UP_MS, this.#checkStall);
    this.#side.uplink.wake(this);
  }

  close(code: number, message: string): void {
    if (this.#status !== "open") return;
    this.#status = "closing";
    this.#ownEnding = { code, message };
    this.#deadline = this.#options.clock.schedule(CLOSE_DEADLINE_MS, () =>
      this.#abandon({ code, message, remote: false }),
    );
    this.#side.uplink.wake(this);
  }

  /** Breaks the link: this end is told 1006 now, the other one a latency later. */
  lose(message: string): void {
    this.#abandon({ code: 1006, message, remote: true });
  }

  /** The process of this end has died: nothing is delivered or answered any more. The other end learns when it is said to. */
  vanish(noticedAfterMs: number | undefined): void {
    if (!this.isAlive) return;
    this.#status = "vanished";
    this.#letGo();
    if (noticedAfterMs === undefined) return;
    this.#options.clock.schedule(noticedAfterMs, () =>
      this.#other.#finish({ code: 1006, message: "Lost", remote: true }),
    );
  }

  /** Blocks or frees the way out of this end (a partition). */
  setBlocked(isBlocked: boolean): void {
    this.#line.setBlocked(isBlocked);
    if (!isBlocked) this.#side.uplink.wake(this);
  }

  get isReady(): boolean {
    if (this.#taken !== undefined || !this.isAlive) return false;
    if (this.#outbox.bytes > 0) return this.#unackedBytes < this.#windowBytes();
    return this.#ownEnding !== undefined && !this.#isEndingSent;
  }

  take(): number {
    const parts = this.#outbox.take(this.#turnBytes());
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    this.#isEndingSent = this.#ownEnding !== undefined && bytes === this.#outbox.bytes;
    this.#taken = { parts, bytes, end: this.#isEndingSent ? this.#ownEnding : undefined };
    return bytes;
  }

  sent(): void {
    const flight = this.#taken;
    this.#taken = undefined;
    if (flight === undefined || !this.isAlive) return;
    this.#lastProgressAt = this.#options.clock.now();
    this.#noteUnacked(flight.bytes);
    this.#side.onSent(flight.bytes);
    const hasDrained = this.#outbox.leave(flight.bytes);
    this.#line.push(flight);
    if (hasDrained && this.#status === "open") this.#events?.onDrain();
  }

  /** Bytes that may be under way: what the way holds at this link's share of it, and two turns more. */
  #windowBytes(): number {
    const bytesPerSecond = this.#bytesPerSecond();
    if (this.#isDead || bytesPerSecond === Infinity) return this.#turnBytes();
    return 2 * this.#turnBytes() + (bytesPerSecond * 2 * this.#line.latencyMs) / 1000;
  }

  #turnBytes(): number {
    if (this.#isDead) return KERNEL_BUFFER_BYTES;
    const bytesPerSecond = this.#bytesPerSecond();
    if (bytesPerSecond === Infinity) return Infinity;
    return Math.min(MAX_TURN_BYTES, Math.max(MIN_TURN_BYTES, Math.floor(bytesPerSecond * TURN_SECONDS)));
  }

  /** True while nothing that is sent is acknowledged. */
  get #isDead(): boolean {
    return this.#line.isBlocked || this.#other.#status === "vanished";
  }

  #bytesPerSecond(): number {
    const { downlink } = this.#other.#side;
    const share = downlink.bytesPerSecond / Math.max(1, downlink.activeLinks);
    return Math.min(this.#side.uplink.bytesPerSecond, share);
  }

  #noteUnacked(bytes: number): void {
    const { downlink } = this.#other.#side;
    if (bytes === 0) return;
    if (this.#unackedBytes === 0) downlink.activeLinks++;
    this.#unackedBytes += bytes;
    if (this.#unackedBytes === 0) downlink.activeLinks--;
  }

  #arrive(flight: Flight): void {
    if (this.#status === "vanished") return;
    this.#inbox.push(flight);
    this.#side.downlink.receive(flight.bytes, this.#passIn);
  }

  readonly #passIn = (): void => {
    this.#arrivedFlights++;
    if (this.#isInboxOpen || this.#status !== "open") this.#deliver();
  };

  #deliver(): void {
    while (this.#arrivedFlights > 0) {
      const flight = this.#inbox.shift();
      if (flight === undefined) return;
      this.#arrivedFlights--;
      this.#side.onReceived(flight.bytes);
      this.#other.#acknowledge(flight.bytes);
      if (this.#options.cut) cutStream(flight.parts, this.#options.random, this.#receive);
      else for (const part of flight.parts) this.#receive(part);
      if (flight.end !== undefined) this.#onEnding(flight.end);
    }
  }

  readonly #receive = (bytes: Uint8Array): void => {
    if (this.#status === "open") this.#events?.onBytes(bytes);
  };

  #acknowledge(bytes: number): void {
    if (!this.isAlive) return;
    this.#noteUnacked(-bytes);
    this.#side.uplink.wake(this);
  }

  #onEnding(ending: Ending): void {
    this.#finish(this.#ownReason() ?? { ...ending, remote: true });
    const other = this.#other;
    if (ending.code === 1006) return;
    this.#options.clock.schedule(this.#options.latencyMs, () => other.#finish(other.#ownReason()));
  }

  #ownReason(): CloseReason | undefined {
    return this.#ownEnding === undefined ? undefined : { ...this.#ownEnding, remote: false };
  }

  /** Ends without waiting for the queue or an answer. */
  #abandon(reason: CloseReason): void {
    if (!this.isAlive) return;
    this.#finish(reason);
    this.#line.push({ parts: [], bytes: 0, end: { code: 1006, message: "Lost" } });
  }

  #finish(reason: CloseReason | undefined): void {
    if (reason === undefined || !this.isAlive) return;
    this.#status = "closed";
    this.#untoldReason = reason;
    this.#letGo();
    // Never from within `send` or `close`.
    if (this.#isInboxOpen) this.#options.clock.schedule(0, () => this.#tellClosed());
  }

  #tellClosed(): void {
    const reason = this.#untoldReason;
    if (reason === undefined || this.#status !== "closed") return;
    this.#untoldReason = undefined;
    this.#events?.onClosed(reason);
  }

  #letGo(): void {
    this.#deadline?.cancel();
    this.#stallTimer?.cancel();
    this.#outbox.clear();
    this.#noteUnacked(-this.#unackedBytes);
    this.#side.onGone(this);
  }

  readonly #checkStall = (): void => {
    this.#stallTimer = undefined;
    if (this.#outbox.bytes === 0) return;
    const stalledMs = this.#options.clock.now() - this.#lastProgressAt;
    if (stalledMs >= GIVE_UP_MS) this.lose("Nothing has left for 30 s");
    else this.#stallTimer = this.#options.clock.schedule(GIVE_UP_MS - stalledMs, this.#checkStall);
  };
}
