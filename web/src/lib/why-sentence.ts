import type { WhyStuck } from "../engine/messages.js";
import { formatPercent } from "./format-rate.js";
import { texts } from "./texts.js";

/** Kinds for which it helps to know when somebody was there last. */
const IS_ABOUT_PEOPLE: ReadonlySet<WhyStuck["kind"]> = new Set(["nobody-known", "nobody-has-the-rest"]);

/** Why nothing moves, in plain words. */
export function whySentence(why: WhyStuck, nowMs: number): string {
  const sentence = plainSentence(why);
  if (why.lastSeenMs === undefined || !IS_ABOUT_PEOPLE.has(why.kind)) return sentence;
  return `${sentence} ${texts.why.lastSeen(texts.ago((nowMs - why.lastSeenMs) / 1000))}`;
}

function plainSentence(why: WhyStuck): string {
  switch (why.kind) {
    case "offline":
      return texts.why.offline;
    case "hub-unreachable":
      return texts.why.hubUnreachable;
    case "nobody-known":
      return texts.why.nobodyKnown;
    case "nobody-has-the-rest":
      return texts.why.nobodyHasTheRest(formatPercent(atLeastOne(why.missingShare)));
    case "only-unreachable-peers":
      return texts.why.onlyUnreachable;
    case "waiting-for-a-turn":
      return texts.why.waiting;
    case "relay-unreachable":
      return texts.why.relayUnreachable;
    case "another-tab":
      return texts.why.anotherTab;
  }
}

/** Something is missing, so it is never 0 per cent. */
function atLeastOne(share: number): number {
  return Math.min(100, Math.max(1, Math.round(share * 100)));
}
