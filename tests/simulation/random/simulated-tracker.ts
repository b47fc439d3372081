import { encodeTrackerMessage, parseRequest } from "@shoal/peer-core/announce";
import type { TrackerRequest } from "@shoal/peer-core/announce";
import type { MemoryHost, SeededRandom, VirtualClock } from "@shoal/peer-core/testing";
import type { Dialer, Timer } from "@shoal/peer-core";
import type { ClientAddress } from "../../../tracker/src/address.js";
import { EndpointChecker } from "../../../tracker/src/endpoint-checker.js";
import { LineRegistrations } from "../../../tracker/src/line-registrations.js";
import { CHECK_TIMEOUT_MS, INTERVAL_SECONDS, MAX_PEERS_TOLD, MAX_RELAYS_TOLD } from "../../../tracker/src/limits.js";
import { MemorySwarmRegistry } from "../../../tracker/src/memory-swarm-registry.js";
import { endpointFor, type PeerLine } from "../../../tracker/src/registered-peer.js";
import { RelayDirectory } from "../../../tracker/src/relay-directory.js";
import { Tracker } from "../../../tracker/src/tracker.js";
import { dialerOf } from "../../support/simulated-swarm.js";

export interface SimulatedTrackerOptions {
  readonly name: string;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  /** From where it checks endpoints. */
  readonly host: MemoryHost;
  /** Of its hub, told to everybody. */
  readonly relays: readonly string[];
}

/** How long a tracker goes without looking for registrations that have run out. */
const EXPIRE_EVERY_MS = 10_000;
const EXPIRE_BUDGET = 50_000;
const ONE_WAY_MS = 10;

/** What the other end of a line is told. */
export interface LineEvents {
  onText(text: string): void;
  onLost(): void;
}

/** One open line, as both sides know it. */
export interface OpenLine {
  readonly line: PeerLine;
  readonly events: LineEvents;
}

/** The tracker itself, as it runs in production, behind lines in memory; a restart forgets everybody. */
export class SimulatedTracker {
  readonly name: string;
  readonly url: string;
  readonly oneWayMs = ONE_WAY_MS;
  readonly #options: SimulatedTrackerOptions;
  readonly #lines = new Set<OpenLine>();
  #tracker: Tracker | undefined;
  #expiry: Timer | undefined;
  /** The most peers that a reply has named. */
  mostTold = 0;
  /** The same of relays. */
  mostRelaysTold = 0;

  constructor(options: SimulatedTrackerOptions) {
    this.#options = options;
    this.name = options.name;
    this.url = `ws://${options.name}.example/announce`;
    this.start();
  }

  /** Undefined while it is down. */
  get running(): Tracker | undefined {
    return this.#tracker;
  }

  get lineCount(): number {
    return this.#lines.size;
  }

  start(): void {
    if (this.#tracker !== undefined) return;
    const { clock, random, relays, host } = this.#options;
    this.#tracker = new Tracker({
      registry: new MemorySwarmRegistry(),
      checker: new EndpointChecker(endpointDialer(host, clock), () => clock.now()),
      relays: new RelayDirectory(relays),
      random: () => random.float(),
      now: () => Math.floor(clock.now() / 1000),
      schedule: (delayMs, run) => clock.schedule(delayMs, run),
      announceSeconds: 30,
    });
    this.#expireLater();
  }

  /** Loses all lines and all that it knew. */
  stop(): void {
    this.loseLines();
    this.#expiry?.cancel();
    this.#tracker?.close();
    this.#tracker = undefined;
  }

  loseLines(): void {
    for (const open of [...this.#lines]) this.close(open, true);
  }

  /** Undefined while it is down. */
  open(address: ClientAddress, events: LineEvents): OpenLine | undefined {
    if (this.#tracker === undefined) return undefined;
    const send = (text: string): void => {
      this.#options.clock.schedule(ONE_WAY_MS, () => {
        if (this.#lines.has(open)) events.onText(text);
      });
    };
    const line = { address, registrations: new LineRegistrations(), heldBytes: 0, answersFullAt: 0, send };
    const open: OpenLine = { line, events };
    this.#lines.add(open);
    return open;
  }

  /** The line ends, by the other side's will or not. */
  close(open: OpenLine, isLost: boolean): void {
    if (!this.#lines.delete(open)) return;
    this.#tracker?.leave(open.line);
    if (isLost) open.events.onLost();
  }

  /** A message has arrived on a line. */
  receive(open: OpenLine, text: string): void {
    if (!this.#lines.has(open)) return;
    const parsed = parseRequest(text);
    if (parsed.type === "announce") this.#announce(open, parsed);
    if (parsed.type === "have") this.#tracker?.have(open.line, parsed);
  }

  #announce({ line }: OpenLine, request: Extract<TrackerRequest, { type: "announce" }>): void {
    const reply = this.#tracker?.announce(line, request);
    const { infoHash } = request;
    if (reply === undefined) {
      line.send(encodeTrackerMessage({ type: "failure", reason: "Too many swarms", action: "announce", infoHash }));
      return;
    }
    const peers = reply.peers.flatMap((peer) => {
      const endpoint = endpointFor(peer, line.address);
      return endpoint === undefined ? [] : [{ peerId: peer.peerId, endpoint }];
    });
    this.mostTold = Math.max(this.mostTold, peers.length);
    const { complete, incomplete, relays } = reply;
    this.mostRelaysTold = Math.max(this.mostRelaysTold, relays.length);
    const intervalSeconds = INTERVAL_SECONDS;
    line.send(
      encodeTrackerMessage({ type: "announce", infoHash, intervalSeconds, complete, incomplete, peers, relays }),
    );
  }

  #expireLater(): void {
    this.#expiry = this.#options.clock.schedule(EXPIRE_EVERY_MS, () => {
      this.#tracker?.expire(EXPIRE_BUDGET);
      this.#expireLater();
    });
  }
}

/** The most that a reply may name. */
export const MOST_PEERS_TOLD = MAX_PEERS_TOLD;
export const MOST_RELAYS_TOLD = MAX_RELAYS_TOLD;

/** An address on the open internet. */
export function publicAddress(ip: string): ClientAddress {
  return { ip, scope: "public", group: ip, isExempt: false, localIp: undefined };
}

function endpointDialer(host: MemoryHost, clock: VirtualClock) {
  const dialer = dialerOf(host);
  return {
    resolve: (name: string) => Promise.resolve([name]),
    canConnect: (ip: string, port: number) => answers(dialer, clock, `tcp://${ip}:${port}`),
    canUpgrade: (url: string) => answers(dialer, clock, url),
  };
}

async function answers(dialer: Dialer, clock: VirtualClock, address: string): Promise<boolean> {
  const abort = new AbortController();
  const timeout = clock.schedule(CHECK_TIMEOUT_MS, () => abort.abort());
  try {
    const connection = await dialer.dial(address, abort.signal);
    connection.close(1000, "checked");
    return true;
  } catch {
    return false;
  } finally {
    timeout.cancel();
  }
}
