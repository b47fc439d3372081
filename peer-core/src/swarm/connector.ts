import { isLoopbackHost, isPrivateHost } from "../base/host-scope.js";
import type { PeerId } from "../base/ids.js";
import type { Connection, Dialer } from "../ports/connection.js";
import type { Runtime, Timer } from "../ports/runtime.js";
import { dialableAt, KNOWN, nextCandidateState, type CandidateInput, type CandidateState } from "./candidate-state.js";

export interface ConnectorOptions {
  readonly runtime: Runtime;
  readonly dialer: Dialer;
  /** True while another link may be opened. */
  readonly hasRoom: () => boolean;
  /** True when a link to this peer stands already: it is not dialled a second time. */
  readonly isConnectedTo: (peerId: PeerId) => boolean;
  /** True while seeds are of no use: we have everything ourselves. */
  readonly avoidsSeeds: () => boolean;
  readonly onConnection: (connection: Connection, address: string) => void;
}

interface Candidate {
  readonly address: string;
  readonly host: string;
  peerId: PeerId | undefined;
  /** It wanted nothing when its last link closed. */
  isSeed: boolean;
  state: CandidateState;
}

/** Links being opened at once, for one swarm. */
const MAX_DIALING = 8;
/** Addresses kept for one swarm. */
const MAX_CANDIDATES = 3_000;
/** Of these on one host; this machine itself is exempt: whoever may name it is trusted. */
const MAX_PER_HOST = 16;
const DIAL_TIMEOUT_MS = 15_000;
/** Failures in a row after which an address makes room for a new one. */
const HOPELESS_FAILURES = 4;

/** Knows the addresses of a swarm and keeps dialling them, each with its own patience. */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #candidates = new Map<string, Candidate>();
  readonly #dials = new Set<AbortController>();
  #dialing = 0;
  #stopped = false;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  /** Addresses that are neither connected nor being dialled. */
  get idleCount(): number {
    return [...this.#candidates.values()].filter((candidate) => dialableAt(candidate.state) !== undefined).length;
  }

  /**
   * Adds an address, if this platform can dial it. One of this machine or its network is taken only from whoever may
   * name such (`isTrusted`): others could make us knock at doors that only we can reach.
   */
  add(address: string, told: { readonly peerId?: PeerId | undefined; readonly isTrusted: boolean }): void {
    if (this.#candidates.has(address) || !this.#options.dialer.canDial(address)) return;
    if (this.#candidates.size >= MAX_CANDIDATES && !this.#forgetHopeless()) return;
    const host = hostOf(address);
    if (isPrivateHost(host) && !told.isTrusted) return;
    if (this.#isFull(host)) return;
    this.#candidates.set(address, { address, host, peerId: told.peerId, isSeed: false, state: KNOWN });
  }

  /** An address turned out to be useless for good: ourselves. */
  remove(address: string): void {
    this.#candidates.delete(address);
  }

  /** Dials what is due. To be called when addresses have come, a link has gone, and about once a second. */
  tick(now: number): void {
    if (this.#stopped) return;
    for (const candidate of this.#candidates.values()) {
      if (this.#dialing >= MAX_DIALING || !this.#options.hasRoom()) return;
      const dueAt = dialableAt(candidate.state);
      if (dueAt === undefined || dueAt > now) continue;
      if (candidate.isSeed && this.#options.avoidsSeeds()) continue;
      if (candidate.peerId !== undefined && this.#options.isConnectedTo(candidate.peerId)) continue;
      void this.#dial(candidate);
    }
  }

  /** The link that came of dialling `address` is gone; `isSeed`: the peer wanted nothing. */
  lost(address: string, isSeed: boolean): void {
    const candidate = this.#candidates.get(address);
    if (candidate === undefined) return;
    candidate.isSeed = isSeed;
    if (candidate.state.kind === "connected") this.#move(candidate, { kind: "lost" });
  }

  /** Whose address it is has turned out. */
  identified(address: string, peerId: PeerId): void {
    const candidate = this.#candidates.get(address);
    if (candidate !== undefined) candidate.peerId = peerId;
  }

  ban(address: string, until: number): void {
    const candidate = this.#candidates.get(address);
    if (candidate !== undefined) this.#move(candidate, { kind: "ban", until });
  }

  stop(): void {
    this.#stopped = true;
    for (const dial of this.#dials) dial.abort();
  }

  /** A swarm's peers must not become a flood on one host because somebody announced a thousand ports of it. */
  #isFull(host: string): boolean {
    if (isLoopbackHost(host)) return false;
    let count = 0;
    for (const known of this.#candidates.values()) if (known.host === host) count++;
    return count >= MAX_PER_HOST;
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

function hostOf(address: string): string {
  return new URL(address).hostname;
}
