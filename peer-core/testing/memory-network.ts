import { invariant } from "../src/base/invariant.js";
import type { Connection } from "../src/ports/connection.js";
import type { Clock } from "../src/ports/runtime.js";
import { MemoryDial } from "./memory-dial.js";
import { MemoryHost, type MemoryHostOptions, type MemoryRoutes } from "./memory-host.js";
import { MemoryLinkEnd } from "./memory-link.js";
import type { SeededRandom } from "./seeded-random.js";

/** Dead links are forgotten when there are this many, and then whenever the number has doubled. */
const MIN_SWEEP_LINKS = 64;

export interface MemoryNetworkOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Deliver streams merged and cut at random, in buffers that are overwritten after the call. Slower. */
  readonly cut?: boolean | undefined;
}

interface Listener {
  readonly host: MemoryHost;
  /** Undefined once nobody listens there any more. */
  onConnection: ((connection: Connection) => void) | undefined;
}

interface Link {
  readonly a: MemoryHost;
  readonly b: MemoryHost;
  readonly ends: readonly [MemoryLinkEnd, MemoryLinkEnd];
}

/**
 * Simulated hosts and the links between them, under a virtual clock: rates, latency, loss, partitions and crashes, the
 * same trace for the same seed. Addresses read "mem://NAME".
 */
export class MemoryNetwork {
  readonly #options: MemoryNetworkOptions;
  readonly #hosts = new Map<string, MemoryHost>();
  readonly #listeners = new Map<string, Listener>();
  readonly #partitions: { readonly a: ReadonlySet<MemoryHost>; readonly b: ReadonlySet<MemoryHost> }[] = [];
  readonly #routes: MemoryRoutes;
  #links: Link[] = [];
  #sweepAt = MIN_SWEEP_LINKS;

  constructor(options: MemoryNetworkOptions) {
    this.#options = options;
    this.#routes = {
      clock: options.clock,
      dial: (from, address, signal) => this.#dial(from, address, signal),
      listen: (host, address, onConnection) => this.#listen(host, address, onConnection),
      unlisten: (host) => {
        for (const listener of this.#listeners.values()) if (listener.host === host) listener.onConnection = undefined;
      },
    };
  }

  /** Adds a machine; names are unique. */
  host(name: string, options: MemoryHostOptions = {}): MemoryHost {
    invariant(!this.#hosts.has(name), `there is a host ${name} already`);
    const number = this.#hosts.size + 1;
    const ownAddress = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    const host = new MemoryHost(name, options.ipAddress ?? ownAddress, this.#routes, options);
    this.#hosts.set(name, host);
    return host;
  }

  /** Nothing passes between a host of `a` and one of `b` until `heal`; links stay, and what is under way waits. */
  partition(a: readonly MemoryHost[], b: readonly MemoryHost[]): void {
    this.#partitions.push({ a: new Set(a), b: new Set(b) });
    this.#applyPartitions();
  }

  /** Ends all partitions. */
  heal(): void {
    this.#partitions.length = 0;
    this.#applyPartitions();
  }

  #applyPartitions(): void {
    for (const link of this.#links) {
      const isBlocked = this.#isPartitioned(link.a, link.b);
      for (const end of link.ends) end.setBlocked(isBlocked);
    }
  }

  #isPartitioned(x: MemoryHost, y: MemoryHost): boolean {
    return this.#partitions.some(({ a, b }) => (a.has(x) && b.has(y)) || (a.has(y) && b.has(x)));
  }

  #listen(host: MemoryHost, address: string, onConnection: (connection: Connection) => void): void {
    const present = this.#listeners.get(address);
    invariant(present?.onConnection === undefined, `somebody listens at ${address} already`);
    this.#listeners.set(address, { host, onConnection });
  }

  #dial(from: MemoryHost, address: string, signal: AbortSignal): Promise<Connection> {
    const { clock } = this.#options;
    const dial = new MemoryDial(clock, address, signal);
    const target = this.#listeners.get(address)?.host;
    if (target === undefined) {
      clock.schedule(0, () => dial.fail("no such host"));
      return dial.promise;
    }
    const latencyMs = from.latencyMs + target.latencyMs;
    clock.schedule(latencyMs, () => {
      // Nobody answers across a partition or from a dead machine: the dial's own timeout ends it.
      if (dial.isSettled || !from.isUp || !target.isUp || this.#isPartitioned(from, target)) return;
      const accept = this.#listeners.get(address)?.onConnection;
      if (accept === undefined) {
        clock.schedule(latencyMs, () => dial.fail("refused"));
        return;
      }
      dial.opened(this.#open(from, target, address, accept));
      clock.schedule(latencyMs, () => dial.succeed());
    });
    return dial.promise;
  }

  /** Makes a link, hands one end to whoever listens, and returns the dialler's. */
  #open(from: MemoryHost, to: MemoryHost, address: string, accept: (connection: Connection) => void): MemoryLinkEnd {
    const { clock, random, cut } = this.#options;
    const ends = MemoryLinkEnd.pair(
      from.sideTowards(to, address),
      to.sideTowards(from, `${from.name} (${from.ipAddress})`),
      {
        clock,
        random,
        latencyMs: from.latencyMs + to.latencyMs,
        loss: 1 - (1 - from.loss) * (1 - to.loss),
        cut: cut ?? false,
      },
    );
    from.adopt(ends[0]);
    to.adopt(ends[1]);
    this.#remember({ a: from, b: to, ends });
    accept(ends[1]);
    return ends[0];
  }

  #remember(link: Link): void {
    this.#links.push(link);
    if (this.#links.length < this.#sweepAt) return;
    this.#links = this.#links.filter(({ ends }) => ends.some((end) => end.isAlive));
    this.#sweepAt = Math.max(MIN_SWEEP_LINKS, 2 * this.#links.length);
  }
}
