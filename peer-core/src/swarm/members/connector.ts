import { isLoopbackHost, isPrivateHost } from "../../base/host-scope.js";
import type { PeerId } from "../../base/ids.js";
import type { Connection, Dialer } from "../../ports/connection.js";
import type { Runtime, Timer } from "../../ports/runtime.js";
import { dialableAt, KNOWN, nextCandidateState, type CandidateInput, type CandidateState } from "./candidate-state.js";
import { doorOf, rankOf } from "./door.js";

export interface ConnectorOptions {
  readonly runtime: Runtime;
  readonly dialer: Dialer;
  /** True while another link may be opened, besides so many that are being opened. */
  readonly hasRoom: (dialing: number) => boolean;
  /** True when a link to this peer stands already: it is not dialled a second time. */
  readonly isConnectedTo: (peerId: PeerId) => boolean;
  /** Doors of peers that are connected, whoever dialled. */
  readonly openDoors: () => Iterable<string>;
  /** True for an address that somebody else dials: a relay's. */
  readonly isTaken?: ((address: string) => boolean) | undefined;
  /** True while seeds are of no use: we have everything ourselves. */
  readonly avoidsSeeds: () => boolean;
  readonly onConnection: (connection: Connection, address: string) => void;
}

/** What was said of an address by whoever named it. */
interface Told {
  readonly peerId?: PeerId | undefined;
  readonly isSeed?: boolean | undefined;
  readonly isTrusted: boolean;
}

interface Candidate {
  readonly address: string;
  readonly host: string;
  readonly door: string;
  peerId: PeerId | undefined;
  /** It wanted nothing when its last link closed. */
  isSeed: boolean;
  /** A peer has answered at this address, the last time that it was dialled. */
  isProven: boolean;
  state: CandidateState;
}

/** Links being opened at once, for one swarm. */
const MAX_DIALING = 8;
/** Addresses kept for one swarm. */
const MAX_CANDIDATES = 3_000;
/** Doors of these on one host; this machine itself is exempt: whoever may name it is trusted. */
const MAX_PER_HOST = 16;
const DIAL_TIMEOUT_MS = 15_000;
/** Failures in a row after which an address makes room for a new one. */
const HOPELESS_FAILURES = 4;
/** Our own doors, remembered so that they are not dialled again: one for each way in which others see us. */
const MAX_OWN_DOORS = 64;

/**
 * Knows the addresses of a swarm and keeps dialling them, each with its own patience. Of addresses that lead to one
 * door, one is dialled at a time: where it leads to no peer, the next one has its turn.
 */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #candidates = new Map<string, Candidate>();
  readonly #dials = new Set<AbortController>();
  readonly #ownDoors = new Set<string>();
  #dialing = 0;
  #stopped = false;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  get isDialing(): boolean {
    return this.#dialing > 0;
  }

  addresses(): Iterable<string> {
    return this.#candidates.keys();
  }

  /** Addresses that are neither connected nor being dialled. */
  get idleCount(): number {
    return [...this.#candidates.values()].filter((candidate) => dialableAt(candidate.state) !== undefined).length;
  }

  /**
   * Adds an address, if this platform can dial it. One of this machine or its network is taken only from whoever may
   * name such (`isTrusted`): others could make us knock at doors that only we can reach.
   */
  add(address: string, told: Told): void {
    const known = this.#candidates.get(address);
    // Whoever had everything may have found a piece rotten since: named anew, and not as a seed, it is dialled again.
    if (known !== undefined && told.isSeed !== true) known.isSeed = false;
    if (known !== undefined || !this.#options.dialer.canDial(address)) return;
    if (this.#candidates.size >= MAX_CANDIDATES && !this.#forgetHopeless()) return;
    const host = hostOf(address);
    const door = doorOf(address);
    if ((isPrivateHost(host) && !told.isTrusted) || this.#isFull(host, door) || this.#ownDoors.has(door)) return;
    const { peerId, isSeed = false } = told;
    this.#candidates.set(address, { address, host, door, peerId, isSeed, isProven: false, state: KNOWN });
  }

  /** An address turned out to be our own. */
  removeOwn(address: string): void {
    const door = doorOf(address);
    for (const { address: own } of this.#atDoor(door)) this.#candidates.delete(own);
    if (this.#ownDoors.size < MAX_OWN_DOORS) this.#ownDoors.add(door);
  }

  /** Dials what is due. To be called when addresses have come, a link has gone, and about once a second. */
  tick(now: number): void {
    // Whom to dial is work where many are known.
    if (this.#stopped || !this.#mayDial()) return;
    for (const candidate of this.#dueAt(now)) {
      if (!this.#mayDial()) return;
      // Doors of one peer may be several.
      if (this.#isOfUse(candidate)) void this.#dial(candidate);
    }
  }

  /** The link that came of dialling `address` is gone; `isSeed`: the peer wanted nothing. */
  lost(address: string, isSeed: boolean): void {
    const candidate = this.#candidates.get(address);
    if (candidate === undefined) return;
    candidate.isSeed = isSeed;
    if (candidate.state.kind !== "connected") return;
    this.#move(candidate, { kind: "lost" });
    // The door was the right one: it rests as a whole.
    if (candidate.isProven) for (const other of this.#atDoor(candidate.door)) restAs(candidate, other);
  }

  /** A peer has answered at an address that was dialled: whose it is. */
  identified(address: string, peerId: PeerId): void {
    const candidate = this.#candidates.get(address);
    if (candidate === undefined) return;
    candidate.isProven = true;
    for (const other of this.#atDoor(candidate.door)) other.peerId = peerId;
  }

  /** Bans a peer's address, and what else leads to its door. */
  ban(address: string, until: number): void {
    for (const candidate of this.#atDoor(doorOf(address))) this.#move(candidate, { kind: "ban", until });
  }

  stop(): void {
    this.#stopped = true;
    for (const dial of this.#dials) dial.abort();
  }

  #atDoor(door: string): Candidate[] {
    return [...this.#candidates.values()].filter((candidate) => candidate.door === door);
  }

  #mayDial(): boolean {
    return this.#dialing < MAX_DIALING && this.#options.hasRoom(this.#dialing);
  }

  #isOfUse({ address, isSeed, peerId }: Candidate): boolean {
    const { isTaken, avoidsSeeds, isConnectedTo } = this.#options;
    if (isTaken?.(address) === true || (isSeed && avoidsSeeds())) return false;
    return peerId === undefined || !isConnectedTo(peerId);
  }

  /** Whom to dial now: at each door that nobody has passed, the best address that is due. */
  #dueAt(now: number): Iterable<Candidate> {
    const best = new Map<string, Candidate>();
    const taken = new Set<string>();
    for (const candidate of this.#candidates.values()) {
      const dueAt = dialableAt(candidate.state);
      if (dueAt === undefined) taken.add(candidate.door);
      if (dueAt === undefined || dueAt > now) continue;
      const rival = best.get(candidate.door);
      if (rival === undefined || rankOf(candidate.address) < rankOf(rival.address)) best.set(candidate.door, candidate);
    }
    for (const [door, candidate] of best) if (taken.has(door) || !this.#isOfUse(candidate)) best.delete(door);
    // Which doors are passed is work where many are connected: a seed among seeds does it for nobody.
    if (best.size > 0) for (const door of this.#options.openDoors()) best.delete(door);
    return best.values();
  }

  /** A swarm's peers must not become a flood on one host because somebody announced a thousand ports of it. */
  #isFull(host: string, door: string): boolean {
    if (isLoopbackHost(host)) return false;
    const doors = new Set<string>();
    for (const known of this.#candidates.values()) if (known.host === host) doors.add(known.door);
    return doors.size >= MAX_PER_HOST && !doors.has(door);
  }

  /** Makes room by dropping an address that has failed again and again; false when there is none. */
  #forgetHopeless(): boolean {
    for (const { address, state } of this.#candidates.values()) {
      if (state.kind === "cooling-down" && state.failures >= HOPELESS_FAILURES) return this.#candidates.delete(address);
    }
    return false;
  }

  async #dial(candidate: Candidate): Promise<void> {
    this.#move(candidate, { kind: "dial" });
    candidate.isProven = false;
    this.#dialing++;
    const abort = new AbortController();
    this.#dials.add(abort);
    const timeout: Timer = this.#options.runtime.clock.schedule(DIAL_TIMEOUT_MS, () => abort.abort());
    const connection = await this.#open(candidate.address, abort.signal);
    timeout.cancel();
    this.#dials.delete(abort);
    this.#dialing--;
    if (connection === undefined) {
      if (candidate.state.kind === "dialing") this.#move(candidate, { kind: "lost" });
      return;
    }
    if (this.#stopped || candidate.state.kind !== "dialing") {
      connection.close(1000, "no longer needed");
      return;
    }
    this.#move(candidate, { kind: "opened" });
    this.#options.onConnection(connection, candidate.address);
  }

  /** Undefined when nobody answers: the world's fault, met by trying again later. */
  async #open(address: string, signal: AbortSignal): Promise<Connection | undefined> {
    try {
      return await this.#options.dialer.dial(address, signal);
    } catch {
      return undefined;
    }
  }

  #move(candidate: Candidate, input: CandidateInput): void {
    const { clock, random } = this.#options.runtime;
    candidate.state = nextCandidateState(candidate.state, input, { now: clock.now(), random });
  }
}

/** An address that might be dialled waits as long as another of its door must. */
function restAs(lost: Candidate, other: Candidate): void {
  if (other.state.kind === "known" || other.state.kind === "cooling-down") other.state = lost.state;
}

function hostOf(address: string): string {
  return new URL(address).hostname;
}
