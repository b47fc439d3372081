import type { Connection, Dialer } from "../src/ports/connection.js";
import type { Clock } from "../src/ports/runtime.js";
import { MemoryDownlink } from "./memory-downlink.js";
import type { MemoryLinkEnd, MemoryLinkSide } from "./memory-link.js";
import { MemoryUplink } from "./memory-uplink.js";

export interface MemoryHostOptions {
  /** Shared by all links of the host; no limit when left out. */
  readonly upBytesPerSecond?: number | undefined;
  readonly downBytesPerSecond?: number | undefined;
  /** This host's part of the way: a link's one-way latency is the sum of both hosts'. 0 when left out. */
  readonly latencyMs?: number | undefined;
  /** Probability that what is sent from or to this host at one go has to be sent again. 0 when left out. */
  readonly loss?: number | undefined;
  /** What others see as its address; one of its own when left out. Hosts that share one are behind one NAT. */
  readonly ipAddress?: string | undefined;
}

/** What a host asks of its network. */
export interface MemoryRoutes {
  readonly clock: Clock;
  dial(from: MemoryHost, address: string, signal: AbortSignal): Promise<Connection>;
  listen(host: MemoryHost, address: string, onConnection: (connection: Connection) => void): void;
  unlisten(host: MemoryHost): void;
}

/** A machine on a `MemoryNetwork`: dials, listens, breaks down. */
export class MemoryHost {
  readonly name: string;
  readonly ipAddress: string;
  readonly latencyMs: number;
  readonly loss: number;
  readonly uplink: MemoryUplink;
  readonly downlink: MemoryDownlink;
  readonly dialer: Dialer;
  /** Payload bytes that have left this host, and that were delivered to it. */
  sentBytes = 0;
  receivedBytes = 0;
  readonly #routes: MemoryRoutes;
  readonly #ends = new Set<MemoryLinkEnd>();
  #isUp = true;

  constructor(name: string, ipAddress: string, routes: MemoryRoutes, options: MemoryHostOptions) {
    this.name = name;
    this.ipAddress = ipAddress;
    this.latencyMs = options.latencyMs ?? 0;
    this.loss = options.loss ?? 0;
    this.uplink = new MemoryUplink(routes.clock, options.upBytesPerSecond ?? Infinity);
    this.downlink = new MemoryDownlink(routes.clock, options.downBytesPerSecond ?? Infinity);
    this.#routes = routes;
    this.dialer = {
      canDial: (address) => address.startsWith("mem://"),
      dial: (address, signal) => routes.dial(this, address, signal),
    };
  }

  /** False between `crash` and `restart`. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Links of this host that are neither closed nor dead. */
  get openLinks(): number {
    return this.#ends.size;
  }

  /** The most that waits to be sent on any of them. */
  get mostQueuedBytes(): number {
    let most = 0;
    for (const { queuedBytes } of this.#ends) most = Math.max(most, queuedBytes);
    return most;
  }

  /** Accepts links to `address` ("mem://NAME"). */
  listen(address: string, onConnection: (connection: Connection) => void): void {
    this.#routes.listen(this, address, onConnection);
  }

  /** Refuses from now on whoever dials this host. */
  unlisten(): void {
    this.#routes.unlisten(this);
  }

  /** The process dies: its links go silent, dials to it time out. The other sides are told 1006 after `noticedAfterMs`, or never. */
  crash(noticedAfterMs?: number): void {
    this.#isUp = false;
    this.unlisten();
    for (const end of [...this.#ends]) end.vanish(noticedAfterMs);
  }

  /** The machine is back; what listened must listen again. */
  restart(): void {
    this.#isUp = true;
  }

  /** Stops listening and closes all links with 1001. */
  shutdown(): void {
    this.unlisten();
    for (const end of [...this.#ends]) end.close(1001, "Going away");
  }

  /** Breaks all links as a router that restarts would: both sides are told 1006. */
  loseLinks(): void {
    for (const end of [...this.#ends]) end.lose("Lost");
  }

  /** All links of now go silent for good, and neither side is told: they are half-open. */
  silenceLinks(): void {
    for (const end of this.#ends) end.silence();
  }

  /** Changes the limits; what is under way keeps its time. */
  setRates(upBytesPerSecond: number, downBytesPerSecond: number): void {
    this.uplink.bytesPerSecond = upBytesPerSecond;
    this.downlink.bytesPerSecond = downBytesPerSecond;
  }

  /** This host's side of a new link to `remote`. */
  sideTowards(remote: MemoryHost, label: string): MemoryLinkSide {
    return {
      label,
      remoteAddress: remote.ipAddress,
      uplink: this.uplink,
      downlink: this.downlink,
      onGone: (end) => void this.#ends.delete(end),
      onSent: (bytes) => void (this.sentBytes += bytes),
      onReceived: (bytes) => void (this.receivedBytes += bytes),
    };
  }

  /** Takes an end into this host's care until it is gone. */
  adopt(end: MemoryLinkEnd): void {
    this.#ends.add(end);
  }
}
