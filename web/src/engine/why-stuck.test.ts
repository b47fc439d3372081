import { ShoalError } from "@shoal/peer-core/torrent";
import { describe, expect, it } from "vitest";
import { peerOf, trackerOf } from "./testing/peer-of.js";
import { whyStuck, type StuckFacts } from "./why-stuck.js";

const RELAY = "ws://hub.example/peer";

function why(facts: Partial<StuckFacts>) {
  return whyStuck({
    isOnline: true,
    trackers: [trackerOf()],
    peers: [],
    candidates: 0,
    relays: [],
    partings: [],
    leftShare: 1,
    lastSeenMs: 5,
    nowMs: 10,
    ...facts,
  });
}

const refused = { address: RELAY, isOpen: false, answer: "refused", atMs: 7 };

describe("whyStuck", () => {
  it("blames the line before anything else", () => {
    expect(why({ isOnline: false, peers: [peerOf()] }).kind).toBe("offline");
  });

  it("blames the hub when no tracker answers and nobody is connected", () => {
    const error = new ShoalError("tracker", "no answer");
    expect(why({ trackers: [trackerOf({ error })] }).kind).toBe("hub-unreachable");
    expect(why({ trackers: [trackerOf({ error })], peers: [peerOf()] }).kind).not.toBe("hub-unreachable");
  });

  it("says that nobody is known when the tracker counts only us", () => {
    expect(why({}).kind).toBe("nobody-known");
    expect(why({ relays: [{ address: RELAY, dial: undefined }], candidates: 1 }).kind).toBe("nobody-known");
  });

  it("tells people who cannot be dialled from a relay that is down", () => {
    const someone = [trackerOf({ seeds: 1 })];
    expect(why({ trackers: someone }).kind).toBe("only-unreachable-peers");
    const relays = [{ address: RELAY, dial: refused }];
    expect(why({ trackers: someone, relays }).kind).toBe("relay-unreachable");
  });

  it("says that nobody has the rest, and how much that is", () => {
    expect(why({ peers: [peerOf({ share: 0.75 }), peerOf({ share: 0.5 }, 2)] })).toMatchObject({
      kind: "nobody-has-the-rest",
      missingShare: 0.25,
    });
  });

  it("says that a turn is waited for when somebody has it all", () => {
    expect(why({ peers: [peerOf({ isSeed: true })] })).toMatchObject({ kind: "waiting-for-a-turn", missingShare: 0 });
  });

  it("names everything that was tried, with its answer", () => {
    const partings = [{ what: "peer", address: "tcp://1.2.3.4:5", answer: "gone", atMs: 3 }] as const;
    const error = new ShoalError("tracker", "says: full");
    const { tried } = why({ trackers: [trackerOf({ error })], relays: [{ address: RELAY, dial: refused }], partings });
    expect(tried.map(({ what, answer, atMs }) => [what, answer, atMs])).toEqual([
      ["tracker", "says: full", 10],
      ["relay", "refused", 7],
      ["peer", "gone", 3],
    ]);
  });
});
