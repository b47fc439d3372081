import type { SwarmView } from "@shoal/peer-core";
import { expect, it } from "vitest";
import { stateOfShare, type ShareFacts } from "./state-of-share.js";
import { peerOf } from "./testing/peer-of.js";

function item(facts: Partial<ShareFacts>) {
  return stateOfShare({
    id: "mine",
    infoHash: undefined,
    name: "holiday.mov",
    size: 10,
    fileCount: 1,
    isListed: true,
    state: { kind: "sharing" },
    view: undefined,
    presence: undefined,
    isWatched: false,
    nowMs: 0,
    ...facts,
  });
}

const view = {
  pieceCount: 4,
  verifiedPieces: 4,
  upBytesPerSecond: 7,
  uploaded: 9,
  peers: [peerOf({ isSeed: true })],
} as unknown as SwarmView;

it("does not count this tab among those who have it, once the hub does", () => {
  const presence = { seeds: 2, leeches: 3 };
  expect(item({ presence, view })).toMatchObject({ seeds: 1, leeches: 3, upBytesPerSecond: 7, uploaded: 9 });
  expect(item({ presence })).toMatchObject({ seeds: 2, upBytesPerSecond: 0 });
  expect(item({ view })).toMatchObject({ seeds: 0 });
});

it("says how many pieces are lost, and is then one of those whom the hub counts as getting it", () => {
  const damaged = { ...view, verifiedPieces: 1, upBytesPerSecond: 0 };
  const presence = { seeds: 2, leeches: 3 };
  expect(item({ presence, view })).toMatchObject({ lostPieces: 0 });
  expect(item({ presence, view: damaged })).toMatchObject({ lostPieces: 3, seeds: 2, leeches: 2 });
  // Nothing is verified yet while it is opened.
  expect(item({ view: damaged, state: { kind: "publishing" } })).toMatchObject({ lostPieces: 0 });
});

it("says whether the tab may be closed, and shows peers only while somebody looks", () => {
  expect(item({})).toMatchObject({ closing: { kind: "needed" }, peers: [] });
  expect(item({ view })).toMatchObject({ closing: { kind: "safe", by: ["seed.example"] }, peers: [] });
  expect(item({ view, isWatched: true }).peers).toHaveLength(1);
});

it("knows of somebody who gets it while something is given, whatever the hub has counted", () => {
  const quiet = { ...view, upBytesPerSecond: 0 };
  expect(item({ view: quiet, presence: { seeds: 1, leeches: 0 } }).leeches).toBe(0);
  expect(item({ view, presence: { seeds: 1, leeches: 0 } }).leeches).toBe(1);
});
