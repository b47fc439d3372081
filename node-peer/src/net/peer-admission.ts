import { addressGroup, type ClientAddress } from "./client-address.js";

export interface PeerLimits {
  /** Open links of one address (IPv6: one /64): an office behind one address fits, one machine cannot take all. */
  readonly perAddress: number;
  /** New links a second of one address, and as many at once. */
  readonly newPerSecond: number;
  /** Open links in all: what a process can serve. */
  readonly total: number;
  /** Links whose BitTorrent handshake has not come, in all and of one address. */
  readonly withoutHandshake: number;
  readonly withoutHandshakePerAddress: number;
}

export const DEFAULT_PEER_LIMITS: PeerLimits = {
  perAddress: 256,
  newPerSecond: 20,
  total: 2_000,
  withoutHandshake: 64,
  withoutHandshakePerAddress: 24,
};

/** Addresses remembered for their rate before the idle ones are forgotten. */
const SWEEP_FROM = 4_096;

/** An admitted link's place: each call counts once. */
export interface PeerTicket {
  /** The peer has sent its handshake. */
  readonly handshaken: () => void;
  /** The link is gone. */
  readonly release: () => void;
}

interface Group {
  open: number;
  withoutHandshake: number;
  tokens: number;
  tokensAt: number;
}

/** Counts links from outside, whatever their transport, and says who may come in. This machine is held to the total only. */
export class PeerAdmission {
  readonly #limits: PeerLimits;
  readonly #now: () => number;
  readonly #groups = new Map<string, Group>();
  #open = 0;
  #withoutHandshake = 0;
  #refused = 0;
  #sweepAt = SWEEP_FROM;

  /** `now` in milliseconds, monotonic. */
  constructor(limits: PeerLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  get counts(): { readonly open: number; readonly withoutHandshake: number; readonly refused: number } {
    return { open: this.#open, withoutHandshake: this.#withoutHandshake, refused: this.#refused };
  }

  /** Addresses remembered now: the size of the only table here. */
  get knownAddresses(): number {
    return this.#groups.size;
  }

  /** A place for a new link, or the reason why there is none. */
  admit(client: ClientAddress): PeerTicket | string {
    const group = client.isLocal ? undefined : this.#group(addressGroup(client.address));
    const refusal = this.#refusal(group);
    if (refusal === undefined) return this.#ticket(group);
    this.#refused++;
    return refusal;
  }

  #refusal(group: Group | undefined): string | undefined {
    if (this.#open >= this.#limits.total) return "This peer has all the links it can serve";
    if (group === undefined) return undefined;
    if (group.open >= this.#limits.perAddress) return "Too many links from this address";
    if (this.#withoutHandshake >= this.#limits.withoutHandshake) return "Too many links without a handshake";
    if (group.withoutHandshake >= this.#limits.withoutHandshakePerAddress) {
      return "Too many links without a handshake from this address";
    }
    if (group.tokens < 1) return "Too many new links from this address";
    group.tokens--;
    return undefined;
  }

  #ticket(group: Group | undefined): PeerTicket {
    let isWaiting = true;
    let isOpen = true;
    this.#count(group, 1, 1);
    const handshaken = (): void => {
      if (isWaiting) this.#count(group, 0, -1);
      isWaiting = false;
    };
    const release = (): void => {
      handshaken();
      if (isOpen) this.#count(group, -1, 0);
      isOpen = false;
    };
    return { handshaken, release };
  }

  #count(group: Group | undefined, open: number, withoutHandshake: number): void {
    this.#open += open;
    // Local links wait outside the common cap: it is there against strangers.
    if (group === undefined) return;
    this.#withoutHandshake += withoutHandshake;
    group.open += open;
    group.withoutHandshake += withoutHandshake;
  }

  #group(key: string): Group {
    const now = this.#now();
    if (this.#groups.size >= this.#sweepAt) this.#sweep(now);
    const group = this.#groups.get(key) ?? {
      open: 0,
      withoutHandshake: 0,
      tokens: this.#limits.newPerSecond,
      tokensAt: now,
    };
    this.#groups.set(key, group);
    const { newPerSecond } = this.#limits;
    group.tokens = Math.min(newPerSecond, group.tokens + ((now - group.tokensAt) / 1000) * newPerSecond);
    group.tokensAt = now;
    return group;
  }

  #sweep(now: number): void {
    for (const [key, group] of this.#groups) {
      if (group.open === 0 && now - group.tokensAt >= 1000) this.#groups.delete(key);
    }
    this.#sweepAt = Math.max(SWEEP_FROM, 2 * this.#groups.size);
  }
}
