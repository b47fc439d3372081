import type { PeerSession } from "../../peer/peer-session.js";
import { Bitfield } from "../../torrent/bitfield.js";
import type { Downloader } from "./relay-demand.js";

/**
 * What a relay is to fetch for a peer, as a set of the caller's own: what the peer says that it wants, or what it lacks
 * if it is a client that does not say so and wants anything at all; in both cases without what it has got. Undefined
 * when that is nothing.
 */
export function wantsOf(session: PeerSession): Bitfield | undefined {
  const { remote } = session;
  const pieces = remote.pieces.bitfield;
  if (pieces === undefined) return undefined;
  const told = remote.saysWhatItWants ? remote.wants.bitfield : lackedBy(session, pieces);
  if (told === undefined || told.isEmpty) return undefined;
  const wants = told.clone();
  wants.subtract(pieces);
  return wants.isEmpty ? undefined : wants;
}

/** A peer as one that a relay fetches for; undefined when there is nothing to fetch. */
export function downloaderOf(session: PeerSession, now: number): Downloader | undefined {
  const wants = wantsOf(session);
  return wants && { wants, bytesPerSecond: session.upMeter.bytesPerSecond(now) };
}

function lackedBy(session: PeerSession, pieces: Bitfield): Bitfield | undefined {
  return session.isWebSeed || session.remote.wantsNothing ? undefined : Bitfield.full(pieces.size);
}
