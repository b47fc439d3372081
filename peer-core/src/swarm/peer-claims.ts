import { ShoalError } from "../base/errors.js";
import type { PeerMessage, PeerSession } from "../peer/peer-session.js";

/** A word on all pieces at once. */
export type PiecesMessage = Extract<PeerMessage, { type: "bitfield" | "have-all" | "have-none" }>;

/** Throws ShoalError("wire") when a peer changes its mind more often than any honest one has reason to. */
export function noteFidget(session: PeerSession, now: number): void {
  if (session.fidgets.available(now) <= 0) throw new ShoalError("wire", "Too many changes of mind");
  session.fidgets.spend(1, now);
}

/** Keeps what a peer says before the metainfo is known. */
export function noteEarly(session: PeerSession, message: PeerMessage): void {
  const { pieces } = session.remote;
  switch (message.type) {
    case "bitfield":
    case "have-all":
    case "have-none":
      return noteAllPieces(session, message);
    case "have":
      pieces.onHave(message.piece);
      return;
    case "dont-have":
      pieces.onDontHave(message.piece);
      return;
    case "request":
      if (session.remote.supportsFast) {
        session.send({ type: "reject", piece: message.piece, begin: message.begin, length: message.length });
      }
      return;
    default:
      return;
  }
}

/** Notes what a peer says of all its pieces at once. Throws ShoalError("wire"). */
export function noteAllPieces(session: PeerSession, message: PiecesMessage): void {
  const { pieces } = session.remote;
  if (message.type === "bitfield") pieces.onBitfield(message.bytes);
  else if (message.type === "have-all") pieces.onHaveAll();
  else pieces.onHaveNone();
}
