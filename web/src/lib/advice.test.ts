import { expect, test } from "vitest";
import { adviceSentence } from "./advice.js";

const NOW = new Date(2026, 10, 26, 12, 0).getTime();
const FRIDAY = new Date(2026, 10, 27, 18, 0).getTime();

test("who is alone with a share keeps the tab open", () => {
  expect(adviceSentence({ kind: "needed" }, NOW)).toBe("Keep this tab open: nobody who stays has all of it yet.");
});

test("a relay's promise is told with its end", () => {
  const closing = { kind: "safe", by: ["hub.example"], untilMs: FRIDAY } as const;
  expect(adviceSentence(closing, NOW)).toBe("You can close this tab: kept by hub.example until Friday 18:00.");
});

test("seeds are named, many of them by number", () => {
  const safe = (...by: string[]) => adviceSentence({ kind: "safe", by, untilMs: undefined }, NOW);
  expect(safe("seedbox")).toBe("You can close this tab: seedbox has all of it.");
  expect(safe("a", "b", "c", "d")).toBe("You can close this tab: a, b, and 2 others have all of it.");
  expect(safe()).toBe("You can close this tab: others have all of it.");
});

test("a host's name is a stranger's text", () => {
  expect(adviceSentence({ kind: "safe", by: ["evil\u202e"], untilMs: undefined }, NOW)).toContain("evil\\u{202e}");
});
