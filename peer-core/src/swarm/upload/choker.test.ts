import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../testing/seeded-random.js";
import {
  Choker,
  hasFreeRelaySlot,
  hasFreeSlot,
  roundMsFor,
  slotsAtFirst,
  slotsFor,
  type ChokerPeer,
} from "./choker.js";

/**
 * A round drawn as a string, a peer per character from `a` on: a digit is its rate, followed by "!" when it is served
 * now; "-" is a peer that wants nothing.
 */
function peers(drawn: string): ChokerPeer[] {
  return (drawn.match(/[-0-9]!?/g) ?? []).map((text, index) => ({
    id: index,
    isInterested: !text.startsWith("-"),
    isUnchoked: text.endsWith("!"),
    isRelay: false,
    downRate: Number(text[0]) || 0,
    pieces: 0,
    mayBeInNeed: true,
    since: 0,
  }));
}

function names(ids: readonly number[]): string {
  return [...ids]
    .sort((a, b) => a - b)
    .map((id) => String.fromCharCode(97 + id))
    .join("");
}

function round(choker: Choker, drawn: string, now = 0, amSeed = false): { choke: string; unchoke: string } {
  const { choke, unchoke } = choker.round(peers(drawn), now, amSeed);
  return { choke: names(choke), unchoke: names(unchoke) };
}

const SLOTS = 8;

const first = { float: () => 0, bytes: (length: number) => new Uint8Array(length) };

describe("Choker", () => {
  it("serves everybody who wants something while there are slots", () => {
    expect(round(new Choker(first, SLOTS), "00-0")).toEqual({ choke: "", unchoke: "abd" });
    expect(round(new Choker(first, SLOTS), "0!0!-!0!")).toEqual({ choke: "c", unchoke: "" });
  });

  it("serves the seven that give most, and one by chance", () => {
    expect(round(new Choker(first, SLOTS), "9123456789").unchoke).toBe("adefghij");
  });

  it("as a seed serves whoever has waited longest, each for 30 s", () => {
    const choker = new Choker(first, SLOTS);
    const crowd = Array.from({ length: 20 }, (_, id) => ({
      id,
      isInterested: true,
      isUnchoked: false,
      isRelay: false,
      downRate: 0,
      pieces: 0,
      mayBeInNeed: true,
      since: id,
    }));
    const served = new Map<number, number>();
    for (let now = 100; now < 200_000; now += 10_000) {
      const { choke, unchoke } = choker.round(crowd, now, true);
      for (const peer of crowd) {
        if (!choke.includes(peer.id) && !unchoke.includes(peer.id)) continue;
        peer.isUnchoked = unchoke.includes(peer.id);
        peer.since = now;
      }
      expect(crowd.filter((peer) => peer.isUnchoked)).toHaveLength(SLOTS);
      for (const peer of crowd) if (peer.isUnchoked) served.set(peer.id, (served.get(peer.id) ?? 0) + 1);
    }
    // 20 rounds of 8 slots for 20 peers: eight rounds each, give or take a turn of three.
    for (const peer of crowd)
      expect(Math.abs((served.get(peer.id) ?? 0) - 8), `peer ${peer.id}`).toBeLessThanOrEqual(3);
  });

  it("leaves who is served already alone", () => {
    expect(round(new Choker(first, SLOTS), "9!9!9!9!9!9!9!0!")).toEqual({ choke: "", unchoke: "" });
  });

  it("chokes the slowest, unless it is lucky, when a faster one comes", () => {
    const choker = new Choker({ ...first, float: () => 0.99 }, SLOTS);
    expect(round(choker, "9!9!9!9!9!9!2!1!88")).toEqual({ choke: "g", unchoke: "i" });
  });

  it("keeps its chance for 30 s, then gives it to another", () => {
    const choker = new Choker(first, SLOTS);
    const crowd = "9999999000";
    const chosen = (now: number) => round(choker, crowd, now).unchoke.slice(SLOTS - 1);
    expect(chosen(0)).toBe("h");
    expect(chosen(10_000)).toBe("h");
    expect(chosen(29_999)).toBe("h");
    expect(chosen(30_000)).toBe("i");
    expect(chosen(60_000)).toBe("h");
  });

  it("gives everybody a chance in time", () => {
    const choker = new Choker(seededRandom(3), SLOTS);
    const lucky = new Set<string>();
    for (let turn = 0; turn < 60; turn++) lucky.add(round(choker, "9999999000", turn * 30_000).unchoke.slice(7));
    expect([...lucky].sort()).toEqual(["h", "i", "j"]);
  });

  it("chooses another at once when the lucky one leaves or earns its place", () => {
    const choker = new Choker(first, SLOTS);
    expect(round(choker, "9999999000").unchoke.at(-1)).toBe("h");
    expect(round(choker, "9999999-00", 1_000).unchoke.at(-1)).toBe("i");
  });

  it("with more slots serves those who have least, too, unless they only take or hide what they got", () => {
    const most = Array.from({ length: 30 }, (_, id) => ({ ...peers("9")[0]!, id, pieces: 50 }));
    const least = Array.from({ length: 6 }, (_, at) => ({ ...peers("0")[0]!, id: 30 + at, pieces: at }));
    const crowd = [...most, ...least.map((peer) => ({ ...peer, mayBeInNeed: peer.pieces !== 1 }))];
    const { unchoke } = new Choker(first, 24).round(crowd, 0, false);
    // Two in need, one by chance: the first of those that are left.
    expect(unchoke.filter((id) => id >= 21)).toEqual([21, 30, 32]);
    expect(unchoke).toHaveLength(24);
  });

  it("has none of those with fewer than eight slots", () => {
    expect(round(new Choker(first, 4), "9876543210").unchoke).toBe("abcd");
  });

  it("draws lots among those who have equally little", () => {
    const crowd = Array.from({ length: 40 }, (_, id) => ({ ...peers("0")[0]!, id }));
    const chosen = [1, 2, 3, 4].map((seed) => {
      const { unchoke } = new Choker(seededRandom(seed), 32).round(crowd, 0, false);
      return names(unchoke.filter((id) => id >= 28));
    });
    expect(new Set(chosen).size).toBeGreaterThan(1);
  });

  it("decides every ten seconds with the fewest slots, and every three with more", () => {
    expect([8, 9, 40].map((slots) => roundMsFor(slots))).toEqual([10_000, 3_000, 3_000]);
  });

  it("serves a newcomer between rounds while a slot is free", () => {
    expect(hasFreeSlot(0, SLOTS)).toBe(true);
    expect(hasFreeSlot(7, SLOTS)).toBe(true);
    expect(hasFreeSlot(8, SLOTS)).toBe(false);
  });

  it("has eight slots, and up to forty where the line bears them", () => {
    const KIB = 1024;
    expect([0, 64, 576, 1_024, 2_560, 1_000_000].map((rate) => slotsFor(rate * KIB))).toEqual([8, 8, 9, 16, 40, 40]);
    expect([true, false].map((servesInTurn) => slotsAtFirst(servesInTurn))).toEqual([40, 8]);
  });

  it("decides nothing about nobody", () => {
    expect(round(new Choker(first, SLOTS), "")).toEqual({ choke: "", unchoke: "" });
  });

  it("serves two relays besides, whatever they give, and others in their turn", () => {
    const crowd = peers("999999999000").map((peer) => ({ ...peer, isRelay: peer.downRate === 0 }));
    expect(names(new Choker(first, SLOTS).round(crowd, 0, false).unchoke)).toBe("abcdefghjk");
    const served = crowd.map((peer) => ({ ...peer, isUnchoked: peer.id === 10 || peer.id === 11 }));
    expect(new Choker(first, SLOTS).round(served, 0, false).choke).toEqual([]);
    expect(hasFreeRelaySlot(1)).toBe(true);
    expect(hasFreeRelaySlot(2)).toBe(false);
  });
});
