import { expect, test } from "vitest";
import { announcementsBetween, doneBetween } from "./announcements.js";
import { exampleGet, exampleShare, exampleState } from "./state-fixture.js";

const getting = exampleState({ gets: [exampleGet()] });
const done = exampleState({ gets: [exampleGet({ state: { kind: "done", isHelping: true } })] });

test("says what changed its kind, and nothing of figures", () => {
  const faster = exampleState({ gets: [exampleGet({ downBytesPerSecond: 1, doneBytes: 5 })] });
  expect(announcementsBetween(getting, faster)).toEqual([]);
  expect(announcementsBetween(getting, done)).toEqual(["thesis-data.zip is here"]);
  expect(announcementsBetween(done, exampleState({ gets: [exampleGet({ state: { kind: "paused" } })] }))).toEqual([
    "thesis-data.zip: Paused",
  ]);
});

test("says that a link is ready", () => {
  const hashing = exampleShare({ infoHash: undefined, state: { kind: "hashing", doneBytes: 0, bytesPerSecond: 0 } });
  expect(announcementsBetween(exampleState({ shares: [hashing] }), exampleState({ shares: [exampleShare()] }))).toEqual(
    ["The link to holiday.mov is ready"],
  );
});

test("only what becomes complete under the eyes of the page is news", () => {
  expect(doneBetween(getting, done)).toEqual(["thesis-data.zip"]);
  expect(doneBetween(done, done)).toEqual([]);
  expect(doneBetween(undefined, done)).toEqual([]);
  expect(doneBetween(exampleState(), done)).toEqual([]);
});
