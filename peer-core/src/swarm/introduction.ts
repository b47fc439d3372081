import { isShoalError } from "../base/errors.js";
import type { PeerSession } from "../peer/peer-session.js";
import { CLOSE } from "../wire/limits.js";
import type { Content } from "./content.js";
import { ownHandshake, type SwarmFacts } from "./own-handshake.js";
import type { SwarmOptions } from "./swarm-options.js";

export interface IntroductionParts {
  readonly options: SwarmOptions;
  /** Undefined until storage is open. */
  readonly content: () => Content | undefined;
  /** As they are now. */
  readonly facts: () => SwarmFacts;
}

/** What a swarm tells each peer of itself, and tells again when it has changed. */
export class Introduction {
  readonly #parts: IntroductionParts;

  constructor(parts: IntroductionParts) {
    this.#parts = parts;
  }

  /** BEP 6: what we hold comes first; then the extended handshake. */
  greet(session: PeerSession): void {
    const content = this.#parts.content();
    if (content !== undefined) content.greet(session);
    else if (session.remote.supportsFast) session.send({ type: "have-none" });
    this.tell(session);
  }

  /** Storage is open: a peer that came before hears so. False when what it has claimed does not fit the share: it is closed. */
  bringIn(session: PeerSession): boolean {
    try {
      this.#parts.content()?.introduce(session);
    } catch (error) {
      if (!isShoalError(error, "wire")) throw error;
      session.close(CLOSE.protocolError, error.message);
      return false;
    }
    this.tell(session);
    return true;
  }

  /** The extended handshake, which may come again (BEP 10). */
  tell(session: PeerSession): void {
    const { options, facts } = this.#parts;
    session.sendExtension({ type: "extended-handshake", handshake: ownHandshake(session, options, facts()) });
  }

  /** Whether we want something has changed: in the handshake for most, in words of its own for those who know them. */
  tellInterest(session: PeerSession): void {
    this.tell(session);
    session.sendExtension({ type: "upload-only", isUploadOnly: this.#parts.facts().isComplete });
  }

  /** A peer has said that it is a relay: it is asked to keep the share as long as it can, for how long it knows best. */
  onRelay(session: PeerSession): void {
    if (this.#parts.options.asksToKeep) session.sendExtension({ type: "kept", untilMs: Number.POSITIVE_INFINITY });
  }
}
