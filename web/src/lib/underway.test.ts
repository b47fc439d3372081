import { expect, test } from "vitest";
import { exampleGet, exampleShare, exampleState, hashEnding } from "./state-fixture.js";
import { begunGets, isNeeded, isTransferring, pageTitle } from "./underway.js";

test("a link that is only looked at is not under way", () => {
  const looked = (["looking", "found", "unknown"] as const).map((kind) =>
    exampleGet({ state: kind === "looking" ? { kind, sinceMs: 0 } : { kind } }),
  );
  const paused = exampleGet({ infoHash: hashEnding(3), state: { kind: "paused" } });
  expect(begunGets(exampleState({ gets: [...looked, paused] }))).toEqual([paused]);
  expect(begunGets(undefined)).toEqual([]);
});

test("the browser asks before closing while somebody needs a running share", () => {
  const needed = exampleShare();
  const safe = exampleShare({ closing: { kind: "safe", by: [], untilMs: undefined } });
  const broken = exampleShare({ state: { kind: "failed", trouble: { code: "failed", message: "" } } });
  expect([needed, safe, broken].map((share) => isNeeded(exampleState({ shares: [share] })))).toEqual([
    true,
    false,
    false,
  ]);
});

test("a device stays awake while bytes move", () => {
  expect(isTransferring(exampleState())).toBe(false);
  expect(isTransferring(exampleState({ gets: [exampleGet()] }))).toBe(true);
  expect(isTransferring(exampleState({ gets: [exampleGet({ state: { kind: "paused" } })] }))).toBe(false);
  expect(isTransferring(exampleState({ shares: [exampleShare({ upBytesPerSecond: 5 })] }))).toBe(true);
});

test("the title tells how far what is looked at has come, else the first under way", () => {
  const state = exampleState({ gets: [exampleGet()] });
  expect(pageTitle(state, undefined)).toBe("34\u00a0% · thesis-data.zip · Shoal");
  expect(pageTitle(state, { infoHash: hashEnding(2), name: "" })).toContain("34\u00a0%");
  expect(pageTitle(state, { infoHash: hashEnding(7), name: "other" })).toBe("other · Shoal");
  const hashing = exampleShare({ state: { kind: "hashing", doneBytes: 650_000_000, bytesPerSecond: 1 } });
  expect(pageTitle(exampleState({ shares: [hashing] }), undefined)).toBe("50\u00a0% · holiday.mov · Shoal");
  expect(pageTitle(undefined, undefined)).toBe("Shoal");
});
