import { invariant } from "../src/base/invariant.js";
import type { CloseReason, Connection, ConnectionEvents } from "../src/ports/connection.js";
import type { Clock, Timer } from "../src/ports/runtime.js";
import { cutStream } from "./cut-stream.js";
import type { MemoryDownlink } from "./memory-downlink.js";
import { MemoryLine } from "./memory-line.js";
import { DRAIN_BYTES, MemoryLinkSender, type Ending, type Flight } from "./memory-link-sender.js";
import type { MemoryUplink } from "./memory-uplink.js";
import type { SeededRandom } from "./seeded-random.js";

/** The port's promise: `onClosed` comes within this time of `close`. */
const CLOSE_DEADLINE_MS = 5_000;

/** What one end of a link knows of its host. */
export interface MemoryLinkSide {
  readonly label: string;
  readonly remoteAddress: string;
  readonly uplink: MemoryUplink;
  readonly downlink: MemoryDownlink;
  /** Called once, when this end is closed or its process has died. */
  readonly onGone: (end: MemoryLinkEnd) => void;
  readonly onSent: (bytes: number) => void;
  readonly onReceived: (bytes: number) => void;
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

/** One end of a simulated link; `MemoryLinkEnd.pair` makes both. */
export class MemoryLinkEnd implements Connection {
  readonly label: string;
  readonly remoteAddress: string;
  readonly drainBytes = DRAIN_BYTES;
  readonly #side: MemoryLinkSide;
  readonly #options: MemoryLinkOptions;
  readonly #line: MemoryLine<Flight>;
  readonly #sender: MemoryLinkSender;
  /** Itself until `pair` has set it. */
  #other: MemoryLinkEnd = this;
  #status: "open" | "closing" | "closed" | "vanished" = "open";
  #events: ConnectionEvents | undefined;
  /** Set once this end is closed and until `onClosed` was told. */
  #untoldReason: CloseReason | undefined;
  #ownEnding: Ending | undefined;
  #deadline: Timer | undefined;
  /** What has arrived, the part still held up by the downlink last. */
  readonly #inbox: Flight[] = [];
  #passedFlights = 0;
  #isInboxOpen = false;
  #isSilenced = false;

  private constructor(side: MemoryLinkSide, options: MemoryLinkOptions) {
    this.#side = side;
    this.#options = options;
    this.label = side.label;
    this.remoteAddress = side.remoteAddress;
    this.#line = new MemoryLine(options, (flight) => this.#other.#arrive(flight));
    this.#sender = new MemoryLinkSender({
      clock: options.clock,
      uplink: side.uplink,
      line: this.#line,
      downlink: () => this.#other.#side.downlink,
      isAnswered: () => !this.#line.isBlocked && this.#other.#status !== "vanished",
      onSent: side.onSent,
      onDrain: () => {
        if (this.#status === "open") this.#events?.onDrain();
      },
      onGiveUp: (message) => this.lose(message),
    });
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
    return this.#sender.queuedBytes;
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
    if (this.#status === "open" && bytes.length > 0) this.#sender.send(bytes);
  }

  close(code: number, message: string): void {
    if (this.#status !== "open") return;
    this.#status = "closing";
    this.#ownEnding = { code, message };
    this.#deadline = this.#options.clock.schedule(CLOSE_DEADLINE_MS, () => {
      this.#abandon({ code, message, remote: false });
    });
    this.#sender.end(this.#ownEnding);
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
    this.#options.clock.schedule(noticedAfterMs, () => {
      this.#other.#finish({ code: 1006, message: "Lost", remote: true });
    });
  }

  /** Blocks or frees the way out of this end (a partition). */
  setBlocked(isBlocked: boolean): void {
    if (this.#isSilenced) return;
    this.#line.setBlocked(isBlocked);
    if (!isBlocked) this.#sender.wake();
  }

  /** Nothing ever passes again, either way, and neither side is told: a link that a router has forgotten. */
  silence(): void {
    for (const end of [this, this.#other]) {
      end.setBlocked(true);
      end.#isSilenced = true;
    }
  }

  #arrive(flight: Flight): void {
    if (this.#status === "vanished") return;
    this.#inbox.push(flight);
    this.#side.downlink.receive(flight.bytes, this.#passIn);
  }

  readonly #passIn = (): void => {
    this.#passedFlights++;
    if (this.#isInboxOpen || this.#status !== "open") this.#deliver();
  };

  #deliver(): void {
    while (this.#passedFlights > 0) {
      const flight = this.#inbox.shift();
      if (flight === undefined) return;
      this.#passedFlights--;
      this.#side.onReceived(flight.bytes);
      this.#other.#sender.acknowledge(flight.bytes);
      if (this.#options.cut) cutStream(flight.parts, this.#options.random, this.#receive);
      else for (const part of flight.parts) this.#receive(part);
      if (flight.end !== undefined) this.#onEnding(flight.end);
    }
  }

  readonly #receive = (bytes: Uint8Array): void => {
    if (this.#status === "open") this.#events?.onBytes(bytes);
  };

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
    this.#sender.stop();
    this.#side.onGone(this);
  }
}
