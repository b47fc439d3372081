import { parseTrackerMessage } from "@shoal/peer-core/announce";
import type { TrackerMessage, WireId } from "@shoal/peer-core/announce";
import { seededRandom, VirtualClock } from "@shoal/peer-core/testing";
import type { AddressScope, ClientAddress } from "../address.js";
import type { AnnounceRequest } from "../announce.js";
import { EndpointChecker } from "../endpoint-checker.js";
import { ANNOUNCE_SECONDS } from "../limits.js";
import { LineRegistrations } from "../line-registrations.js";
import { MemorySwarmRegistry } from "../memory-swarm-registry.js";
import type { PeerLine } from "../registered-peer.js";
import { endpointFor } from "../registered-peer.js";
import { RelayDirectory } from "../relay-directory.js";
import { Tracker } from "../tracker.js";

/** The swarm that a request is about unless told otherwise. */
export const infoHash = "s".repeat(20) as WireId;

/** A line that remembers what it was told. */
export class RecordingLine implements PeerLine {
  readonly address: ClientAddress;
  readonly registrations = new LineRegistrations();
  readonly told: TrackerMessage[] = [];
  heldBytes = 0;
  answersFullAt = 0;

  constructor(ip: string, scope: AddressScope, more: Partial<ClientAddress> = {}) {
    this.address = { ip, scope, group: ip, isExempt: scope === "loopback", localIp: undefined, ...more };
  }

  send(text: string): void {
    const message = parseTrackerMessage(text);
    if (message !== undefined) this.told.push(message);
  }

  /** Endpoints told unasked, a list for each message. */
  get notices(): string[][] {
    const notices = this.told.filter((message) => message.type === "peers");
    return notices.map(({ peers }) => peers.map(({ endpoint }) => endpoint));
  }
}

/** A tracker on a virtual clock, whose endpoint checks all succeed, at once. */
export class TrackerBench {
  readonly clock = new VirtualClock();
  readonly registry = new MemorySwarmRegistry();
  readonly tracker: Tracker;
  #ids = 0;

  constructor(announceSeconds = ANNOUNCE_SECONDS, ownRelays: readonly string[] = []) {
    const random = seededRandom(1);
    const now = (): number => this.clock.now();
    const yes = (): Promise<boolean> => Promise.resolve(true);
    const dialer = { resolve: (host: string) => Promise.resolve([host]), canConnect: yes, canUpgrade: yes };
    this.tracker = new Tracker({
      registry: this.registry,
      checker: new EndpointChecker(dialer, now),
      relays: new RelayDirectory(ownRelays),
      random: () => random.float(),
      now: () => Math.floor(this.clock.now() / 1000),
      schedule: (delayMs, run) => this.clock.schedule(delayMs, run),
      announceSeconds,
    });
  }

  line(ip = `8.8.0.${++this.#ids}`, scope: AddressScope = "public", more: Partial<ClientAddress> = {}): RecordingLine {
    return new RecordingLine(ip, scope, more);
  }

  /** Announces and lets the endpoint check come back. */
  async announce(line: RecordingLine, peer: string, more: Partial<AnnounceRequest> = {}) {
    const reply = this.tracker.announce(line, request(peer, more));
    await this.clock.advance(0);
    if (reply === undefined) throw new Error("refused");
    return { ...reply, peers: reply.peers.map((told) => endpointFor(told, line.address)).sort() };
  }
}

/** An announce of a peer with that name, which is not done yet. */
export function request(peer: string, more: Partial<AnnounceRequest> = {}): AnnounceRequest {
  return {
    infoHash,
    peerId: peer.padStart(20, "-") as WireId,
    left: 1,
    event: undefined,
    numWant: undefined,
    offers: undefined,
    port: undefined,
    endpoint: undefined,
    isRelay: false,
    wantsNotice: true,
    ...more,
  };
}
