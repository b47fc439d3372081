import { Bitfield } from "@shoal/peer-core/torrent";
import type { SwarmView } from "@shoal/peer-core";
import { describe, expect, it } from "vitest";
import { FileProgress } from "./file-progress.js";
import { STALLED_MS, stateOfGet, type GetFacts } from "./state-of-get.js";
import { peerOf } from "./testing/peer-of.js";
import { testShare } from "./testing/test-share.js";
import { whyStuck } from "./why-stuck.js";

const share = await testShare([50_000, 100_000, 50_000]);

function viewOf(facts: Partial<SwarmView>): SwarmView {
  return {
    state: "downloading",
    error: undefined,
    pieceCount: 7,
    verifiedPieces: 0,
    chosenBytes: 0,
    doneBytes: 0,
    downBytesPerSecond: 0,
    upBytesPerSecond: 0,
    downloaded: 0,
    uploaded: 0,
    wastedBytes: 0,
    failedPieces: 0,
    etaSeconds: undefined,
    peers: [],
    candidates: 0,
    relays: [],
    ...facts,
  };
}

function item(facts: Partial<GetFacts>) {
  const nowMs = facts.nowMs ?? 100_000;
  return stateOfGet({
    infoHash: share.metainfo.infoHash,
    status: { kind: "running" },
    linkName: "from the link",
    metainfo: share.metainfo,
    progress: undefined,
    chosen: undefined,
    view: viewOf({}),
    presence: undefined,
    lastMovedMs: nowMs,
    isWatched: false,
    why: () =>
      whyStuck({
        isOnline: false,
        trackers: [],
        peers: [],
        candidates: 0,
        relays: [],
        partings: [],
        leftShare: 1,
        lastSeenMs: undefined,
        nowMs,
      }),
    pieceMap: () => Uint8Array.of(1),
    sources: () => [{ id: "a", label: "a.example", pieceCount: 1 }],
    nowMs,
    ...facts,
  });
}

describe("stateOfGet", () => {
  it("has the link's name and nothing else before somebody has described it", () => {
    const status = { kind: "looking", sinceMs: 3 } as const;
    expect(item({ metainfo: undefined, view: undefined, status })).toMatchObject({
      name: "from the link",
      size: 0,
      files: [],
      pieceCount: 0,
      state: status,
      why: undefined,
    });
  });

  it("counts what is done by the files that are chosen", () => {
    const progress = new FileProgress(share.metainfo);
    const held = new Bitfield(7);
    for (const piece of [0, 1]) held.set(piece);
    progress.reset(held);
    const got = item({ progress, chosen: new Set([0]) });
    expect(got).toMatchObject({ size: 200_000, chosenBytes: 50_000, doneBytes: 50_000, verifiedPieces: 2 });
    expect(got.files.map(({ isChosen, doneBytes }) => [isChosen, doneBytes])).toEqual([
      [true, 50_000],
      [false, 15_536],
      [false, 0],
    ]);
  });

  it("tells when it will be done from the rate, and nothing while there is none", () => {
    expect(item({ view: viewOf({ downBytesPerSecond: 100_000 }) }).state).toEqual({ kind: "getting", etaSeconds: 2 });
    expect(item({}).state).toEqual({ kind: "getting", etaSeconds: undefined });
  });

  it("is stalled, and says why, once nothing has come for a while", () => {
    const still = { lastMovedMs: 100_000 - STALLED_MS - 1 };
    expect(item(still)).toMatchObject({ state: { kind: "stalled" }, why: { kind: "offline" } });
    expect(item({ lastMovedMs: 100_000 - STALLED_MS }).state.kind).toBe("getting");
    // The average of what came before has not come down yet.
    expect(item({ ...still, view: viewOf({ downBytesPerSecond: 1_000 }) }).state.kind).toBe("stalled");
  });

  it("tells of peers and pieces only while somebody looks", () => {
    const view = viewOf({ peers: [peerOf({ isSeed: true }), peerOf({ isRelay: true }, 2)] });
    expect(item({ view })).toMatchObject({ peers: [], pieceMap: undefined, sourceCount: 1, relayCount: 1 });
    expect(item({ view, isWatched: true })).toMatchObject({
      peers: [{ kind: "seed", label: "seed.example", share: 1 }, { kind: "relay" }],
      pieceMap: Uint8Array.of(1),
    });
  });
});
