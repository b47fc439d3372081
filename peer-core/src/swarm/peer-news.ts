import type { PeerMessage, PeerSession } from "../peer/peer-session.js";
import { noteFidget } from "./peer-claims.js";

/**
 * Notes what a message says of the peer itself, whether or not the metainfo is known. False when it is no news at all,
 * and nobody else need hear of it. Throws ShoalError("wire").
 */
export function noteNews(session: PeerSession, message: PeerMessage, now: number): boolean {
  const { remote } = session;
  switch (message.type) {
    case "interested":
    case "not-interested":
      if (remote.isInterested === (message.type === "interested")) return false;
      noteFidget(session, now);
      remote.isInterested = message.type === "interested";
      return true;
    case "choke":
      remote.isChoking = true;
      return true;
    case "unchoke":
      remote.isChoking = false;
      session.mayAsk = true;
      return true;
    case "have":
    case "have-all":
    case "bitfield":
    case "reject":
    case "piece":
      session.mayAsk = true;
      return true;
    case "want":
      remote.wants.onWant(message.bits, now);
      return true;
    case "kept":
      remote.keptUntilMs = message.untilMs;
      return true;
    default:
      return true;
  }
}
