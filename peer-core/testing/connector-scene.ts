import { ShoalError } from "../src/base/errors.js";
import type { Connection, Dialer } from "../src/ports/connection.js";
import { Connector, type ConnectorOptions } from "../src/swarm/members/connector.js";
import { createMicrotaskHasher } from "./microtask-hasher.js";
import { seededRandom } from "./seeded-random.js";
import { VirtualClock } from "./virtual-clock.js";

/** A dial that waits for its answer. */
interface Dial {
  readonly address: string;
  readonly signal: AbortSignal;
  succeed(): void;
  fail(): void;
}

/** A connector whose dials the test answers itself. */
export class ConnectorScene {
  readonly clock = new VirtualClock();
  readonly dials: Dial[] = [];
  readonly opened: string[] = [];
  readonly closed: number[] = [];
  readonly connector: Connector;

  constructor(options: Partial<ConnectorOptions> = {}) {
    const dialer: Dialer = {
      canDial: (address) => /^(tcp|ws):/.test(address),
      dial: (address, signal) =>
        new Promise((resolve, reject) => {
          const fail = () => reject(new ShoalError("connection", "refused"));
          signal.addEventListener("abort", fail, { once: true });
          this.dials.push({ address, signal, fail, succeed: () => resolve(this.#connection()) });
        }),
    };
    this.connector = new Connector({
      runtime: { clock: this.clock, random: seededRandom(1), hasher: createMicrotaskHasher() },
      dialer,
      hasRoom: () => true,
      isConnectedTo: () => false,
      openDoors: () => [],
      avoidsSeeds: () => false,
      onConnection: (_connection, address) => this.opened.push(address),
      ...options,
    });
  }

  /** Adds addresses on hosts of their own, numbered from 0. */
  add(count: number): void {
    for (let index = 0; index < count; index++) this.connector.add(`tcp://host${index}:1`, { isTrusted: false });
  }

  tick(): void {
    this.connector.tick(this.clock.now());
  }

  /** Answers the oldest dial that has not been answered. */
  async answer(how: "succeed" | "fail"): Promise<void> {
    this.dials.shift()?.[how]();
    await this.clock.advance(0);
  }

  #connection(): Connection {
    return {
      label: "",
      remoteAddress: undefined,
      queuedBytes: 0,
      drainBytes: 65_536,
      attach: () => undefined,
      send: () => undefined,
      close: (code) => this.closed.push(code),
    };
  }
}
