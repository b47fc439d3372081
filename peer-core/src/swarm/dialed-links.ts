import { PeerSession, type SessionOwner } from "../peer/peer-session.js";
import type { CloseReason, Connection } from "../ports/connection.js";
import type { Clock } from "../ports/runtime.js";
import { CLOSE } from "../wire/limits.js";
import type { Connector } from "./connector.js";

/** Which address each session that we opened leads to, so that the connector learns how the link fared. */
export class DialedLinks {
  readonly #addresses = new Map<number, string>();

  /** Makes a session of a link that has been dialled. */
  open(
    connection: Connection,
    address: string,
    parts: { owner: SessionOwner; clock: Clock; connector: Connector },
  ): void {
    const session = new PeerSession({
      connection,
      clock: parts.clock,
      owner: parts.owner,
      route: () => undefined,
      onFailed: (reason) => this.closed(session, reason, parts.connector),
    });
    this.#addresses.set(session.id, address);
    session.start();
  }

  addressOf(session: PeerSession): string | undefined {
    return this.#addresses.get(session.id);
  }

  /** Passes the end of a link on; nothing happens for one that came in. */
  closed(session: PeerSession, reason: CloseReason, connector: Connector): void {
    const address = this.#addresses.get(session.id);
    if (address === undefined) return;
    this.#addresses.delete(session.id);
    if (reason.code === CLOSE.self) connector.removeOwn(address);
    else connector.lost(address, session.remote.wantsNothing);
  }
}
