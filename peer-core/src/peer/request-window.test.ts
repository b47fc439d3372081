import { describe, expect, it } from "vitest";
import { UNIT_BYTES } from "../torrent/geometry.js";
import { BLOCK_MAX_BYTES, MAX_WINDOW_BYTES } from "../wire/limits.js";
import { RequestWindow } from "./request-window.js";

const START = 4 * UNIT_BYTES;

/** Asks for one unit, the next piece each time. */
function ask(window: RequestWindow, piece: number, sentAt: number, length = UNIT_BYTES): void {
  window.sent({ piece, begin: 0, length, sentAt });
}

/** Keeps the window full of single units, each answered `tripMs` after it was sent, for `count` round trips. */
function roundTrips(window: RequestWindow, count: number, tripMs: number, startMs = 0): number {
  const fill = (now: number): number[] => {
    const asked: number[] = [];
    while (window.roomBytes >= UNIT_BYTES) {
      ask(window, ++lastPiece, now);
      asked.push(lastPiece);
    }
    return asked;
  };
  let underWay = fill(startMs);
  for (let trip = 1; trip <= count; trip++) {
    const now = startMs + trip * tripMs;
    underWay = underWay.flatMap((piece) => {
      window.settle(piece, 0, UNIT_BYTES, now);
      return trip < count ? fill(now) : [];
    });
  }
  return startMs + count * tripMs;
}

let lastPiece = 10_000;

describe("RequestWindow", () => {
  it("begins with four units", () => {
    const window = new RequestWindow();
    expect([window.roomBytes, window.count, window.largestAsked]).toEqual([START, 0, 0]);
    ask(window, 0, 0);
    expect([window.roomBytes, window.outstandingBytes, window.count]).toEqual([START - UNIT_BYTES, UNIT_BYTES, 1]);
  });

  it("doubles with every round trip while answers come at once", () => {
    const window = new RequestWindow();
    roundTrips(window, 6, 50);
    expect(window.windowBytes).toBeGreaterThanOrEqual(2 ** 5 * START);
  });

  it("never grows beyond the limit", () => {
    const window = new RequestWindow();
    roundTrips(window, 40, 10);
    expect(window.windowBytes).toBe(MAX_WINDOW_BYTES);
  });

  it("shrinks while answers wait longer than 100 ms, down to two units", () => {
    const window = new RequestWindow();
    const now = roundTrips(window, 5, 50);
    const before = window.windowBytes;
    roundTrips(window, 1, 500, now);
    expect(window.windowBytes).toBeLessThan(before);
    roundTrips(window, 30, 500, now + 500);
    expect(window.windowBytes).toBe(2 * UNIT_BYTES);
  });

  it("takes a long way for no queue", () => {
    const window = new RequestWindow();
    roundTrips(window, 5, 2_000);
    expect(window.windowBytes).toBeGreaterThan(8 * START);
  });

  it("does not grow while it is hardly used", () => {
    const window = new RequestWindow();
    const grown = roundTrips(window, 3, 50);
    const before = window.windowBytes;
    for (let piece = 0; piece < 20; piece++) {
      ask(window, 1_000 + piece, grown);
      window.settle(1_000 + piece, 0, UNIT_BYTES, grown + 10);
    }
    expect(window.windowBytes).toBe(before);
  });

  it("makes requests of a quarter of the window, whole units within what the peer serves", () => {
    const window = new RequestWindow();
    expect(window.blockBytes(BLOCK_MAX_BYTES)).toBe(UNIT_BYTES);
    roundTrips(window, 40, 10);
    expect(window.blockBytes(2 ** 31)).toBe(BLOCK_MAX_BYTES);
    expect(window.blockBytes(UNIT_BYTES)).toBe(UNIT_BYTES);
    expect(window.blockBytes(50_000)).toBe(3 * UNIT_BYTES);
    expect(window.blockBytes(1)).toBe(UNIT_BYTES);
  });

  it("asks a snubbed peer for one unit at a time until it delivers", () => {
    const window = new RequestWindow();
    const now = roundTrips(window, 5, 50);
    window.snub();
    expect([window.isSnubbed, window.roomBytes, window.blockBytes(BLOCK_MAX_BYTES)]).toEqual([
      true,
      UNIT_BYTES,
      UNIT_BYTES,
    ]);
    ask(window, 9_000, now);
    expect(window.roomBytes).toBe(0);
    window.settle(9_000, 0, UNIT_BYTES, now + 10);
    expect(window.isSnubbed).toBe(false);
    expect(window.windowBytes).toBeLessThanOrEqual(2 * START);
  });

  it("knows the longest block that it ever asked for", () => {
    const window = new RequestWindow();
    ask(window, 1, 0, 3 * UNIT_BYTES);
    window.settle(1, 0, 3 * UNIT_BYTES, 1);
    ask(window, 2, 2);
    expect(window.largestAsked).toBe(3 * UNIT_BYTES);
  });

  it("does not settle what was never asked for, nor in another length or place", () => {
    const window = new RequestWindow();
    ask(window, 1, 0);
    expect(window.settle(2, 0, UNIT_BYTES, 1)).toBeUndefined();
    expect(window.settle(1, 1, UNIT_BYTES, 1)).toBeUndefined();
    expect(window.settle(1, 0, 100, 1)).toBeUndefined();
    expect(window.settle(1, 0, UNIT_BYTES, 1)).toMatchObject({ late: false });
    expect(window.settle(1, 0, UNIT_BYTES, 1)).toBeUndefined();
  });

  it("takes a block that was given up for late, once", () => {
    const window = new RequestWindow();
    ask(window, 1, 0);
    const [request] = [...window.outstanding()];
    expect(window.giveUp(request!)).toBe(true);
    expect(window.giveUp(request!)).toBe(false);
    expect([window.count, window.outstandingBytes]).toEqual([0, 0]);
    window.snub();
    expect(window.settle(1, 0, UNIT_BYTES, 1)).toMatchObject({ late: true });
    expect(window.isSnubbed).toBe(false);
    expect(window.settle(1, 0, UNIT_BYTES, 1)).toBeUndefined();
  });

  it("takes a late block in its old length after the piece was asked for again in another", () => {
    const window = new RequestWindow();
    ask(window, 1, 0, 4 * UNIT_BYTES);
    window.releaseAll();
    ask(window, 1, 10, UNIT_BYTES);
    expect(window.settle(1, 0, 4 * UNIT_BYTES, 20)).toMatchObject({ late: true });
    expect(window.settle(1, 0, UNIT_BYTES, 30)).toMatchObject({ late: false });
    expect(window.outstandingBytes).toBe(0);
  });

  it("takes as many late copies as were given up, and the one that is due", () => {
    const window = new RequestWindow();
    for (const now of [0, 10]) {
      ask(window, 1, now);
      window.releaseAll();
    }
    ask(window, 1, 20);
    expect(window.settle(1, 0, UNIT_BYTES, 21)).toMatchObject({ late: false });
    expect(window.settle(1, 0, UNIT_BYTES, 22)).toMatchObject({ late: true });
    expect(window.settle(1, 0, UNIT_BYTES, 23)).toMatchObject({ late: true });
    expect(window.settle(1, 0, UNIT_BYTES, 24)).toBeUndefined();
  });

  it("takes a refusal for exactly what was asked, after which nothing may come", () => {
    const window = new RequestWindow();
    ask(window, 1, 0);
    expect(window.refused({ piece: 1, begin: 0, length: 4 * UNIT_BYTES })).toBeUndefined();
    expect(window.refused({ piece: 1, begin: 0, length: UNIT_BYTES })).toMatchObject({ piece: 1 });
    expect(window.settle(1, 0, UNIT_BYTES, 1)).toBeUndefined();
  });

  it("gives up everything at once, in order", () => {
    const window = new RequestWindow();
    for (const piece of [3, 1, 2]) ask(window, piece, 0);
    expect(window.releaseAll().map(({ piece }) => piece)).toEqual([3, 1, 2]);
    expect([window.count, window.outstandingBytes, [...window.outstanding()].length]).toEqual([0, 0, 0]);
  });

  it("forgets the oldest of more than 4,096 requests given up", () => {
    const window = new RequestWindow();
    for (let piece = 0; piece < 4_097; piece++) {
      ask(window, piece, 0);
      window.releaseAll();
    }
    expect(window.settle(0, 0, UNIT_BYTES, 1)).toBeUndefined();
    expect(window.settle(1, 0, UNIT_BYTES, 1)).toMatchObject({ late: true });
  });

  it("counts a stall from a late block, too, and tells how late the latest of them was", () => {
    const window = new RequestWindow();
    ask(window, 1, 0);
    ask(window, 2, 5_000);
    for (const request of window.releaseAll()) ask(window, request.piece + 10, 20_000, request.length);
    window.settle(2, 0, UNIT_BYTES, 25_000);
    window.settle(1, 0, UNIT_BYTES, 30_000);
    expect([window.stalledMs(31_000), window.lateTripMs]).toEqual([1_000, 30_000]);
    window.settle(11, 0, UNIT_BYTES, 32_000);
    expect(window.lateTripMs).toBe(15_000);
  });

  it("counts a stall from the oldest request or the last block, whichever is later", () => {
    const window = new RequestWindow();
    expect(window.stalledMs(5_000)).toBe(0);
    ask(window, 1, 1_000);
    ask(window, 2, 1_500);
    expect(window.stalledMs(4_000)).toBe(3_000);
    window.settle(1, 0, UNIT_BYTES, 4_000);
    expect(window.stalledMs(5_000)).toBe(1_000);
    window.settle(2, 0, UNIT_BYTES, 5_000);
    expect(window.stalledMs(9_000)).toBe(0);
    ask(window, 3, 9_000);
    expect(window.stalledMs(9_500)).toBe(500);
  });
});
