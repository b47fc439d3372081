import type { TrackerView } from "@shoal/peer-core";
import { shareOf, type KnownPeer } from "./known-peer.js";
import type { NotedDial } from "./noted-dials.js";
import type { TriedWay, WhyStuck } from "./messages.js";

/** Ways named in an answer: more are read by nobody. */
const MAX_TRIED = 50;

export interface StuckFacts {
  readonly isOnline: boolean;
  readonly trackers: readonly TrackerView[];
  readonly peers: readonly KnownPeer[];
  /** Addresses known and not connected. */
  readonly candidates: number;
  /** What came of dialling the relays that are known, in order; undefined: not tried yet. */
  readonly relays: readonly { readonly address: string; readonly dial: NotedDial | undefined }[];
  /** Peers that came and went. */
  readonly partings: readonly TriedWay[];
  /** Of what was chosen, not here yet, 0 to 1. */
  readonly leftShare: number;
  readonly lastSeenMs: number | undefined;
  readonly nowMs: number;
}

/** Why nothing moves: the most likely reason first in the way that data comes, and everything that was tried. */
export function whyStuck(facts: StuckFacts): WhyStuck {
  return {
    kind: kindOf(facts),
    lastSeenMs: facts.lastSeenMs,
    missingShare: missingShare(facts),
    tried: [...trackersTried(facts), ...relaysTried(facts), ...facts.partings].slice(0, MAX_TRIED),
  };
}

function kindOf(facts: StuckFacts): WhyStuck["kind"] {
  const { trackers, peers, candidates, relays } = facts;
  if (!facts.isOnline) return "offline";
  if (peers.length === 0) {
    const isUnreachable = trackers.length > 0 && trackers.every(({ error }) => error !== undefined);
    if (isUnreachable) return "hub-unreachable";
    const people = trackers.reduce(
      (sum, { seeds, leeches }) => sum + (seeds ?? 0) + Math.max(0, (leeches ?? 0) - 1),
      0,
    );
    if (people === 0 && candidates <= relays.length) return "nobody-known";
    const isRelayDown = relays.length > 0 && relays.every(({ dial }) => dial?.isOpen === false);
    return isRelayDown ? "relay-unreachable" : "only-unreachable-peers";
  }
  return missingShare(facts) > 0 ? "nobody-has-the-rest" : "waiting-for-a-turn";
}

/** What nobody connected has, at least: the fullest of them is counted, for pieces are not compared one by one. */
function missingShare({ peers, leftShare }: StuckFacts): number {
  const most = Math.max(0, ...peers.map(shareOf));
  return Math.max(0, Math.min(leftShare, 1 - most));
}

function trackersTried({ trackers, nowMs }: StuckFacts): TriedWay[] {
  return trackers.map(({ url, state, seeds, leeches, error }) => {
    const counts = seeds === undefined ? state : `${seeds} with all of it, ${leeches ?? 0} getting it`;
    return { what: "tracker", address: url, answer: error?.message ?? counts, atMs: nowMs };
  });
}

function relaysTried({ relays, nowMs }: StuckFacts): TriedWay[] {
  return relays.map(({ address, dial }) => {
    return { what: "relay", address, answer: dial?.answer ?? "not tried yet", atMs: dial?.atMs ?? nowMs };
  });
}
