import type { PeerSession } from "../../peer/peer-session.js";
import type { PexMessage, PexPeer } from "../../wire/extensions/pex-message.js";
import { MAX_PEX_PEERS } from "../../wire/limits.js";
import { entriesOf, hostOf, hostOfSession, isWithinReach } from "./peer-exchange-entry.js";

export interface PeerExchangeOptions {
  readonly sessions: () => Iterable<PeerSession>;
  /** What was dialled for a session; undefined for one that came in. */
  readonly dialedAddress: (session: PeerSession) => string | undefined;
  /** Private shares exchange nothing (BEP 27); while that is not known yet we only listen. */
  readonly policy: () => ExchangePolicy;
  /** Peers that were told of, addresses out of the teller's reach left out. */
  readonly onPeers: (peers: readonly PexPeer[]) => void;
}

export type ExchangePolicy = "exchange" | "listen" | "off";

/** A peer is told of changes once a minute (BEP 11), and is believed as many peers in that time as it is told. */
const INTERVAL_MS = 60_000;
/** Where there is nothing to tell, news are looked for this often. */
const QUIET_MS = 5_000;

/** What one peer has been told, and how much it has told us. */
interface Contact {
  readonly told: Set<string>;
  nextAt: number;
  /** Since when `taken` is counted. */
  takenSince: number;
  taken: number;
}

/** A connected peer as others may be told of it; whom each way in may be told to is worked out once for all of them. */
interface Known {
  readonly session: PeerSession;
  readonly ways: readonly { readonly peer: PexPeer; readonly host: string; readonly isTcp: boolean }[];
}

/** Tells peers of each other, and learns of others from them (BEP 11). */
export class PeerExchange {
  readonly #options: PeerExchangeOptions;
  readonly #contacts = new Map<number, Contact>();

  constructor(options: PeerExchangeOptions) {
    this.#options = options;
  }

  /** What exceeds a minute's worth is passed over: there are other peers to tell us. */
  onMessage(session: PeerSession, { added }: PexMessage, now: number): void {
    if (this.#options.policy() === "off") return;
    const contact = this.#contactOf(session, now);
    if (now - contact.takenSince >= INTERVAL_MS) {
      contact.takenSince = now;
      contact.taken = 0;
    }
    const taken = added.slice(0, MAX_PEX_PEERS - contact.taken);
    contact.taken += taken.length;
    const teller = hostOfSession(session, this.#options.dialedAddress(session));
    const believed = taken.filter(({ endpoint }) => isWithinReach(hostOf(endpoint), teller));
    if (believed.length > 0) this.#options.onPeers(believed);
  }

  forget(session: PeerSession): void {
    this.#contacts.delete(session.id);
  }

  /** To be called about once a second: tells whoever listens and has not been told for a minute. */
  tick(now: number): void {
    if (this.#options.policy() !== "exchange") return;
    let known: Known[] | undefined;
    for (const session of this.#options.sessions()) {
      if ((session.remote.extensions.ut_pex ?? 0) === 0) continue;
      const contact = this.#contactOf(session, now);
      if (now < contact.nextAt) continue;
      known ??= this.#known();
      contact.nextAt = now + (this.#tell(session, contact, known) ? INTERVAL_MS : QUIET_MS);
    }
  }

  #known(): Known[] {
    const { sessions, dialedAddress } = this.#options;
    return Array.from(sessions(), (session) => ({
      session,
      ways: entriesOf(session, dialedAddress(session)).map((peer) => ({
        peer,
        host: hostOf(peer.endpoint),
        isTcp: peer.endpoint.startsWith("tcp:"),
      })),
    }));
  }

  /** False when there is nothing new. */
  #tell(session: PeerSession, { told }: Contact, known: readonly Known[]): boolean {
    const current = this.#tellable(session, known);
    const isOfUse = (peer: PexPeer) => !(peer.isSeed && session.remote.wantsNothing);
    const isNews = (peer: PexPeer) => !told.has(peer.endpoint) && isOfUse(peer);
    const added = [...current.values()].filter(isNews).slice(0, MAX_PEX_PEERS);
    const dropped = [...told].filter((endpoint) => !current.has(endpoint)).slice(0, MAX_PEX_PEERS);
    if (added.length === 0 && dropped.length === 0) return false;
    for (const { endpoint } of added) told.add(endpoint);
    for (const endpoint of dropped) told.delete(endpoint);
    session.sendExtension({ type: "pex", pex: { added, dropped } });
    return true;
  }

  /** Whom this peer may be told of, by endpoint. */
  #tellable(session: PeerSession, known: readonly Known[]): Map<string, PexPeer> {
    const viewer = hostOfSession(session, this.#options.dialedAddress(session));
    const understandsUrls = session.remote.blockMax !== undefined;
    const tellable = new Map<string, PexPeer>();
    for (const { session: other, ways } of known) {
      if (other === session) continue;
      for (const { peer, host, isTcp } of ways) {
        if ((understandsUrls || isTcp) && isWithinReach(host, viewer)) tellable.set(peer.endpoint, peer);
      }
    }
    return tellable;
  }

  #contactOf(session: PeerSession, now: number): Contact {
    const known = this.#contacts.get(session.id);
    if (known !== undefined) return known;
    const contact: Contact = { told: new Set(), nextAt: now, takenSince: now, taken: 0 };
    this.#contacts.set(session.id, contact);
    return contact;
  }
}
