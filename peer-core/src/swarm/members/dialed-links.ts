import { PeerSession, type SessionOwner } from "../../peer/peer-session.js";
import type { CloseReason, Connection } from "../../ports/connection.js";
import type { Clock } from "../../ports/runtime.js";
import { CLOSE } from "../../wire/limits.js";

/** Whoever dialled learns how its links fared. */
export interface LinkFate {
  /** An address turned out to be our own. */
  removeOwn(address: string): void;
  /** The link that came of dialling `address` is gone; `isSeed`: the peer wanted nothing. */
  lost(address: string, isSeed: boolean, reason: CloseReason): void;
}

interface DialedLink {
  readonly session: PeerSession;
  readonly address: string;
}

/** Which address each session that we opened leads to, so that whoever dialled it learns how the link fared. */
export class DialedLinks {
  /** By session. */
  readonly #links = new Map<number, DialedLink>();

  /** Makes a session of a link that has been dialled. */
  open(connection: Connection, address: string, parts: { owner: SessionOwner; clock: Clock; fate: LinkFate }): void {
    const session = new PeerSession({
      connection,
      clock: parts.clock,
      owner: parts.owner,
      route: () => undefined,
      onFailed: (reason) => this.closed(session, reason, parts.fate),
    });
    this.#links.set(session.id, { session, address });
    session.start();
  }

  addressOf(session: PeerSession): string | undefined {
    return this.#links.get(session.id)?.address;
  }

  /** Passes the end of a link on; nothing happens for one that came in. */
  closed(session: PeerSession, reason: CloseReason, fate: LinkFate): void {
    const address = this.addressOf(session);
    if (address === undefined) return;
    this.#links.delete(session.id);
    if (reason.code === CLOSE.self) fate.removeOwn(address);
    fate.lost(address, session.remote.wantsNothing, reason);
  }

  /** Closes all, those that wait for the other side's handshake among them. */
  stop(code: number, why: string): void {
    for (const { session } of [...this.#links.values()]) session.close(code, why);
  }
}
