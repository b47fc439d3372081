import { describe, expect, it } from "vitest";
import { fieldOf } from "../../../testing/swarm-script.js";
import { demandOf, piecesToFetch, type Downloader } from "./relay-demand.js";

const PIECE = 1_000_000;

/** "x" for what is wanted; rates in pieces per second. */
function wanting(drawn: string, piecesPerSecond = 0): Downloader {
  return { wants: fieldOf(drawn), bytesPerSecond: piecesPerSecond * PIECE };
}

/** Pieces to fetch, where `ahead` draws what is here or chosen and `offers` how many offer each piece (all: one). */
function fetches(downloaders: readonly Downloader[], ahead = "............", offers = ""): number[] {
  const offersOf = (piece: number) => Number(offers[piece] ?? 1);
  return piecesToFetch({
    downloaders,
    ahead: fieldOf(ahead),
    pieceLength: PIECE,
    mostAheadBytes: 60 * PIECE,
    offersOf,
  });
}

describe("piecesToFetch", () => {
  it("fetches nothing for nobody", () => {
    expect(fetches([])).toEqual([]);
    expect(demandOf([], 4).isEmpty).toBe(true);
  });

  it("keeps two pieces ahead of one that takes nothing", () => {
    expect(fetches([wanting("xxxxxxxxxxxx")])).toEqual([0, 1]);
    expect(fetches([wanting("xxxxxxxxxxxx")], "xx..........")).toEqual([]);
  });

  it("keeps ahead what is taken in three seconds", () => {
    expect(fetches([wanting("xxxxxxxxxxxx", 1.5)])).toHaveLength(5);
    expect(fetches([wanting("xxxxxxxxxxxx", 1.5)], "...xx.......")).toHaveLength(3);
  });

  it("keeps ahead no more than it may", () => {
    const many = "x".repeat(200);
    const fastest = { wants: fieldOf(many), bytesPerSecond: 1e12 };
    expect(fetches([fastest], many.replaceAll("x", "."))).toHaveLength(60);
  });

  it("fetches a piece once for all who want it", () => {
    expect(fetches([wanting("xxxxxxxxxxxx", 1), wanting("xxxxxxxxxxxx", 1), wanting("xxxxxxxxxxxx")])).toEqual([
      0, 1, 2,
    ]);
  });

  it("lets the fastest drive, and the slow have two pieces of their own", () => {
    expect(fetches([wanting("......xxxxxx"), wanting("xxxxxx......", 1)])).toEqual([0, 1, 6, 7, 2]);
  });

  it("fetches what is rare first, and nothing that nobody offers", () => {
    expect(fetches([wanting("xxxxxxxxxxxx", 1)], undefined, "033132222222")).toEqual([3, 5, 6]);
  });

  it("fetches only what is wanted", () => {
    expect(fetches([wanting("....xx......", 10)])).toEqual([4, 5]);
  });
});
