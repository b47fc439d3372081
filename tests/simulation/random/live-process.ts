import {
  Client,
  createRelay,
  type ClientOptions,
  type Connection,
  type Dialer,
  type RelayOptions,
  type TorrentSession,
} from "@shoal/peer-core";
import { createTrackerChannel } from "@shoal/peer-core/platform";
import type { MemoryHost } from "@shoal/peer-core/testing";
import { dialerOf } from "../../support/simulated-swarm.js";
import { ProcessClock } from "./process-clock.js";
import { publicAddress } from "./simulated-tracker.js";
import { SimulatedTrackerLine } from "./simulated-tracker-line.js";
import type { Stage } from "./stage.js";

/** Every peer of ours listens at this port of its machine. */
export const PEER_PORT = 6881;

/** A client of ours from its start to its end, whichever comes: everything of it dies with it. */
export class LiveProcess {
  readonly clock: ProcessClock;
  readonly client: Client;
  /** Dials under way at once, at most. */
  mostDialing = 0;
  /** Undefined for a relay. */
  session: TorrentSession | undefined;
  readonly #lines = new Set<SimulatedTrackerLine>();
  readonly #dials = new Set<AbortController>();

  constructor(stage: Stage, host: MemoryHost, options: Partial<ClientOptions>, relay?: RelayOptions) {
    this.clock = new ProcessClock(stage.clock);
    const all: ClientOptions = {
      runtime: { clock: this.clock, random: stage.random.fork(), hasher: stage.hasher },
      dialer: this.#dialer(dialerOf(host)),
      openTracker: (url) => {
        const tracker = stage.trackerAt(url);
        if (tracker === undefined) return undefined;
        return createTrackerChannel(url, {
          clock: this.clock,
          openLine: (events) => {
            const line = new SimulatedTrackerLine(tracker, this.clock, publicAddress(host.ipAddress), events);
            this.#lines.add(line);
            return line;
          },
        });
      },
      clientName: "Shoal simulation",
      ...options,
    };
    this.client = relay === undefined ? new Client(all) : createRelay(all, relay);
  }

  accept(connection: Connection): void {
    if (!this.clock.isDead) this.client.accept(connection);
  }

  /** Nothing of it happens any more. */
  kill(): void {
    this.clock.kill();
    for (const line of this.#lines) line.vanish();
    for (const dial of this.#dials) dial.abort();
  }

  #dialer(dialer: Dialer): Dialer {
    return {
      canDial: (address) => dialer.canDial(address),
      dial: async (address, signal) => {
        // What goes on after its death in promises that were under way must not reach anybody.
        if (this.clock.isDead) return new Promise<never>(() => undefined);
        const dial = new AbortController();
        const onAbort = (): void => dial.abort();
        signal.addEventListener("abort", onAbort, { once: true });
        if (signal.aborted) dial.abort();
        this.#dials.add(dial);
        this.mostDialing = Math.max(this.mostDialing, this.#dials.size);
        try {
          return await dialer.dial(address, dial.signal);
        } finally {
          this.#dials.delete(dial);
          signal.removeEventListener("abort", onAbort);
        }
      },
    };
  }
}
