import { expect, test } from "vitest";
import type { WhyStuck } from "../engine/messages.js";
import { whySentence } from "./why-sentence.js";

const NOW = 1_790_000_000_000;

function why(kind: WhyStuck["kind"], fields: Partial<WhyStuck> = {}): string {
  return whySentence({ kind, lastSeenMs: undefined, missingShare: 0, tried: [], ...fields }, NOW);
}

test("says how much is missing and since when", () => {
  expect(why("nobody-has-the-rest", { missingShare: 0.12, lastSeenMs: NOW - 240_000 })).toBe(
    "Nobody who has the missing 12\u00a0% is online. Last seen 4 minutes ago.",
  );
});

test("never says that nothing is missing", () => {
  expect(why("nobody-has-the-rest", { missingShare: 0.0001 })).toContain("missing 1\u00a0%");
});

test("says when somebody was there only where that matters", () => {
  expect(why("offline", { lastSeenMs: NOW })).not.toContain("Last seen");
  expect(why("nobody-known", { lastSeenMs: NOW })).toContain("Last seen just now");
});

test.each([
  "offline",
  "hub-unreachable",
  "nobody-known",
  "nobody-has-the-rest",
  "only-unreachable-peers",
  "waiting-for-a-turn",
  "relay-unreachable",
  "another-tab",
] as const)("%s is a whole sentence", (kind) => {
  expect(why(kind)).toMatch(/^[A-Z].*\.$/);
});
