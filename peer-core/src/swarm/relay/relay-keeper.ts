import { isPrivateHost } from "../../base/host-scope.js";
import type { CloseReason, Connection, Dialer } from "../../ports/connection.js";
import type { Runtime } from "../../ports/runtime.js";
import {
  dialableAt,
  KNOWN,
  nextCandidateState,
  type CandidateInput,
  type CandidateState,
} from "../members/candidate-state.js";
import type { RelayView } from "../swarm-view.js";

export interface RelayKeeperOptions {
  readonly runtime: Runtime;
  readonly dialer: Dialer;
  /** Relays to try before all others, the best first: the user's, or the page's own. */
  readonly relays: readonly string[];
  /** We cannot do without one now. */
  readonly isNeeded: () => boolean;
  readonly hasRoom: () => boolean;
  readonly onConnection: (connection: Connection, address: string) => void;
  /** A better relay than this one has held for a while. */
  readonly onReplaced: (address: string) => void;
}

interface Relay {
  readonly address: string;
  state: CandidateState;
  answer: string;
  answeredAt: number;
}

/** Somebody waits for what only a relay brings: the next one has its turn soon. */
const DIAL_TIMEOUT_MS = 5_000;
/** A better relay has to hold for so long before the other one is left. */
const PROVEN_MS = 5_000;
/** Relays kept of what one tracker tells, and of all together. */
const MAX_TOLD = 16;
const MAX_RELAYS = 32;

/**
 * Keeps one link to a relay for a peer that nobody can dial: to the best that can be had, in the order in which they
 * were named, so that all who are told the same meet at the same one. The next has its turn when one fails; it is left
 * again when a better one is back.
 */
export class RelayKeeper {
  readonly #options: RelayKeeperOptions;
  readonly #told = new Map<string, readonly string[]>();
  /** Peers that turned out to be relays. */
  readonly #adopted = new Set<string>();
  readonly #relays = new Map<string, Relay>();
  #order: readonly string[] = [];
  #dial: AbortController | undefined;
  #stopped = false;

  constructor(options: RelayKeeperOptions) {
    this.#options = options;
    this.#arrange();
  }

  /** What became of each relay, the best first. */
  view(): RelayView[] {
    return this.#listed().map(({ address, state, answer, answeredAt }) => ({
      address,
      state: stateOf(state),
      answer,
      atMs: answeredAt,
    }));
  }

  /** True for an address that is dialled, or left alone, here and nowhere else. */
  knows(address: string): boolean {
    return this.#relays.has(address);
  }

  /** A tracker has named relays, the best first. `isTrusted`: it may name addresses of this machine and its network. */
  told(tracker: string, addresses: readonly string[], isTrusted: boolean): void {
    const usable = addresses.filter((address) => isTrusted || !isPrivateHost(new URL(address).hostname));
    this.#told.set(tracker, usable.slice(0, MAX_TOLD));
    this.#arrange();
  }

  /** A peer that was dialled as such says that it is a relay: it counts as the last choice. */
  adopt(address: string): void {
    if (this.#relays.has(address) || this.#relays.size >= MAX_RELAYS) return;
    const state: CandidateState = { kind: "connected", failures: 0, since: this.#now() };
    this.#relays.set(address, { address, state, answer: "connected", answeredAt: this.#now() });
    this.#adopted.add(address);
    this.#arrange();
  }

  /** The link that was opened to `address` is gone. */
  lost(address: string, reason: CloseReason): void {
    const relay = this.#relays.get(address);
    if (relay?.state.kind !== "connected") return;
    this.#move(relay, { kind: "lost" }, reason.message === "" ? `closed with ${reason.code}` : reason.message);
    this.tick();
  }

  /** Dials what is due. To be called about once a second. */
  tick(): void {
    if (this.#stopped) return;
    const listed = this.#listed();
    const connected = listed.filter(({ state }) => state.kind === "connected");
    const [best, ...others] = connected;
    if (best?.state.kind === "connected" && this.#now() - best.state.since >= PROVEN_MS) {
      for (const { address } of others) this.#options.onReplaced(address);
    }
    if (this.#dial !== undefined || !this.#options.isNeeded() || !this.#options.hasRoom()) return;
    const better = best === undefined ? listed : listed.slice(0, listed.indexOf(best));
    const due = better.find(({ state }) => (dialableAt(state) ?? Number.POSITIVE_INFINITY) <= this.#now());
    if (due !== undefined && connected.length < 2) void this.#open(due);
  }

  stop(): void {
    this.#stopped = true;
    this.#dial?.abort();
  }

  async #open(relay: Relay): Promise<void> {
    const { runtime, dialer, onConnection } = this.#options;
    this.#move(relay, { kind: "dial" }, "being dialled");
    const dial = new AbortController();
    this.#dial = dial;
    const timeout = runtime.clock.schedule(DIAL_TIMEOUT_MS, () => dial.abort());
    let connection: Connection | undefined;
    try {
      connection = await dialer.dial(relay.address, dial.signal);
    } catch {
      connection = undefined;
    }
    timeout.cancel();
    this.#dial = undefined;
    if (this.#stopped) {
      connection?.close(1000, "no longer needed");
      return;
    }
    if (connection === undefined) {
      this.#move(relay, { kind: "lost" }, dial.signal.aborted ? "no answer" : "cannot be reached");
      this.tick();
      return;
    }
    this.#move(relay, { kind: "opened" }, "connected");
    onConnection(connection, relay.address);
  }

  /** Brings what was named into its order; whoever is named no more is forgotten once it is not connected. */
  #arrange(): void {
    const named = [...this.#options.relays, ...[...this.#told.values()].flat(), ...this.#adopted];
    const usable = [...new Set(named)].filter((address) => this.#options.dialer.canDial(address));
    this.#order = usable.slice(0, MAX_RELAYS);
    for (const address of this.#order) {
      if (this.#relays.has(address)) continue;
      this.#relays.set(address, { address, state: KNOWN, answer: "not tried yet", answeredAt: this.#now() });
    }
    for (const [address, { state }] of this.#relays) {
      const isInUse = state.kind === "connected" || state.kind === "dialing";
      if (!isInUse && !this.#order.includes(address)) this.#relays.delete(address);
    }
  }

  /** In order; those that are connected and named no more come last. */
  #listed(): Relay[] {
    const ordered = this.#order.map((address) => this.#relays.get(address)).filter((relay) => relay !== undefined);
    return [...ordered, ...[...this.#relays.values()].filter((relay) => !ordered.includes(relay))];
  }

  #move(relay: Relay, input: CandidateInput, answer: string): void {
    const { random } = this.#options.runtime;
    relay.state = nextCandidateState(relay.state, input, { now: this.#now(), random });
    relay.answer = answer;
    relay.answeredAt = this.#now();
  }

  #now(): number {
    return this.#options.runtime.clock.now();
  }
}

function stateOf(state: CandidateState): RelayView["state"] {
  switch (state.kind) {
    case "connected":
      return "connected";
    case "dialing":
      return "dialing";
    case "known":
      return "untried";
    case "cooling-down":
    case "banned":
      return "failed";
  }
}
