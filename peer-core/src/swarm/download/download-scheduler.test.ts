import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { script, type ScriptedSwarm } from "../../../testing/swarm-script.js";
import { seededRandom } from "../../../testing/seeded-random.js";
import { UNIT_BYTES } from "../../torrent/geometry.js";

describe("DownloadScheduler", () => {
  it("begins the rarest piece, unless somebody is already fetching it", () => {
    expect(script({ have: "x...", availability: "1213" }).pick("b")).toBe(2);
    expect(script({ have: "x...", availability: "1213", inFlight: "..a." }).pick("b")).toBe(1);
  });

  it("goes on with the piece that this peer is sending before it begins another", () => {
    const s = script({ have: "....", availability: "2122", unitsPerPiece: 3 });
    expect(s.ask("a", 2)).toBe("1.0 1.1");
    expect(s.ask("a", 2)).toBe("1.2 0.0");
  });

  it("finishes what others have left half done before it begins a new piece", () => {
    const s = script({ have: "....", availability: "1112", unitsPerPiece: 3 });
    s.ask("a", 2);
    s.deliver("a", "0.0");
    s.leave("a");
    expect(s.ask("b", 3)).toBe("0.1 0.2 1.0");
  });

  it("prefers a new piece to one that another peer is sending, and shares that one when there is nothing new", () => {
    const s = script({ have: "..", unitsPerPiece: 4, peers: { a: "x.", b: "xx" } });
    expect(s.ask("a", 2)).toBe("0.0 0.1");
    expect(s.ask("b", 4)).toBe("1.0 1.1 1.2 1.3");
    s.deliver("b", "1.0");
    s.deliver("b", "1.1");
    expect(s.ask("b", 2)).toBe("0.2 0.3");
  });

  it("asks a peer only for what it holds", () => {
    const s = script({ have: "...", peers: { a: "..x", b: "..." } });
    expect(s.ask("a", 4)).toBe("2.0");
    expect(s.ask("b", 4)).toBe("");
  });

  it("keeps within the budget, the window and the peer's queue", () => {
    const s = script({ have: "..........", availability: "1111111111" });
    expect(s.ask("a", 2).split(" ")).toHaveLength(2);
    expect(s.ask("a", 100).split(" ")).toHaveLength(2);
    expect(s.source("a").requests.outstandingBytes).toBe(4 * UNIT_BYTES);
    const modest = { ...s.source("b"), requestQueue: 1 };
    expect(s.scheduler.plan(modest, 2 ** 20, 0)).toHaveLength(1);
  });

  it("holds no more unverified bytes than allowed, but always one piece", () => {
    const s = script({ have: "......", availability: "123456", unitsPerPiece: 2, maxUnverifiedBytes: 4 * UNIT_BYTES });
    for (const peer of ["a", "b", "c"]) s.ask(peer, 2);
    expect([s.drawing(), s.scheduler.unverifiedBytes]).toEqual(["dd....", 4 * UNIT_BYTES]);
    expect([s.scheduler.takeWasFull(), s.scheduler.takeWasFull()]).toEqual([true, false]);
    const tiny = script({ have: "..", unitsPerPiece: 4, maxUnverifiedBytes: 1 });
    expect(tiny.ask("a", 6)).toBe("0.0 0.1 0.2 0.3");
    expect(tiny.ask("b", 6)).not.toContain("1.");
  });

  it("forgets a piece of which nothing has come and nothing is asked for", () => {
    const s = script({ have: "..", availability: "12", unitsPerPiece: 2 });
    expect(s.ask("a", 1)).toBe("0.0");
    s.giveUp("a", "0.0");
    expect([s.drawing(), s.scheduler.unverifiedBytes, [...s.scheduler.assemblies()].length]).toEqual(["..", 0, 0]);
    expect(s.ask("b", 1)).toBe("0.0");
  });

  it("keeps what has come of a piece when its peer leaves", () => {
    const s = script({ have: ".", unitsPerPiece: 3 });
    s.ask("a", 3);
    s.deliver("a", "0.1");
    s.leave("a");
    expect([s.drawing(), s.ask("b", 3)]).toEqual(["d", "0.0 0.2"]);
  });

  it("frees the memory of a piece that is finished", () => {
    const s = script({ have: "..", maxUnverifiedBytes: UNIT_BYTES });
    expect(s.ask("a", 2)).toBe("0.0");
    expect(s.deliver("a", "0.0")).toBe(true);
    s.scheduler.finished(s.scheduler.get(0)!, false);
    expect([s.scheduler.unverifiedBytes, s.scheduler.get(0)]).toEqual([0, undefined]);
    expect(s.ask("a", 1)).toBe("1.0");
  });
});

describe("DownloadScheduler with its memory full", () => {
  it("drops what was left behind furthest from complete, for what can be had now", () => {
    const peers = { c: "..x" };
    const s = script({ have: "...", availability: "123", unitsPerPiece: 3, maxUnverifiedBytes: 6 * UNIT_BYTES, peers });
    s.ask("a", 3);
    s.deliver("a", "0.0");
    s.deliver("a", "0.1");
    s.ask("a", 2);
    s.deliver("a", "1.0");
    s.leave("a");
    expect(s.drawing()).toBe("dd.");
    expect(s.ask("c", 1)).toBe("2.0");
    expect(s.drawing()).toBe("d.d");
  });
});

describe("DownloadScheduler in end game", () => {
  it("repeats for an idle peer what has been under way for two seconds, though others could begin something", () => {
    const s = script({ have: "...", availability: "111", inFlight: "aa.", peers: { b: "xx." } });
    const planAt = (now: number) => s.scheduler.plan(s.source("b"), 4 * UNIT_BYTES, now).map(({ piece }) => piece);
    expect(planAt(1_999)).toEqual([]);
    expect(planAt(2_000).sort()).toEqual([0, 1]);
  });

  it("asks again, of another peer, for what is expected latest", () => {
    const s = script({ have: "xx.", availability: "111", unitsPerPiece: 4, inFlight: "..a" });
    expect(s.ask("b", 2)).toBe("2.3 2.2");
  });

  it("does not begin while some piece could be begun from anybody", () => {
    const s = script({ have: "...", availability: "111", inFlight: "aa.", peers: { b: "xx." } });
    expect(s.ask("b", 2)).toBe("");
  });

  it("begins although a piece is missing that nobody has", () => {
    const s = script({ have: "...", availability: "110", inFlight: "aa.", peers: { b: "xx." } });
    expect(s.ask("b", 1)).toBe("0.0");
  });

  it("asks no more than two peers for a unit, and none twice", () => {
    const s = script({ have: ".", availability: "1", unitsPerPiece: 2, inFlight: "a" });
    expect(s.ask("a", 2)).toBe("");
    expect(s.ask("b", 4)).toBe("0.1 0.0");
    expect(s.ask("c", 4)).toBe("");
    s.giveUp("b", "0.1");
    expect(s.ask("c", 4)).toBe("0.1");
  });

  it("has a peer repeat eight units at most", () => {
    const s = script({ have: "....", availability: "1111", unitsPerPiece: 4, inFlight: "abcd" });
    const window = s.source("e").requests;
    for (let piece = 100; window.windowBytes < 20 * UNIT_BYTES; piece++) {
      window.sent({ piece, begin: 0, length: 2 * UNIT_BYTES, sentAt: 0 });
      window.settle(piece, 0, 2 * UNIT_BYTES, 1);
      window.sent({ piece: piece + 1_000, begin: 0, length: 16 * UNIT_BYTES, sentAt: 0 });
      window.settle(piece + 1_000, 0, 16 * UNIT_BYTES, 1);
    }
    const units = s.scheduler
      .plan(s.source("e"), 2 ** 30, 2)
      .reduce((sum, request) => sum + request.length / UNIT_BYTES, 0);
    expect(units).toBe(8);
  });
});

describe("DownloadScheduler, for a piece that failed when it was mixed", () => {
  it("takes it whole from the peer that begins it", () => {
    const s = script({ have: ".x", availability: "12", unitsPerPiece: 3 });
    s.scheduler.fetchSolo(s.geometry.pieceIndex(0));
    expect(s.ask("a", 1)).toBe("0.0");
    expect(s.ask("b", 3)).toBe("");
    expect(s.ask("a", 3)).toBe("0.1 0.2");
    expect(s.ask("b", 3)).toBe("");
  });

  it("begins it anew, still from one alone, when that peer leaves", () => {
    const s = script({ have: ".", unitsPerPiece: 2 });
    s.scheduler.fetchSolo(s.geometry.pieceIndex(0));
    s.ask("a", 2);
    s.deliver("a", "0.0");
    s.leave("a");
    expect(s.drawing()).toBe(".");
    s.source("d").requests.snub();
    expect(s.ask("d", 2)).toBe("");
    expect([s.ask("b", 1), s.ask("c", 2), s.ask("b", 2)]).toEqual(["0.0", "", "0.1"]);
  });
});

describe("DownloadScheduler under any order of events", () => {
  it("keeps its books in order and completes everything in the end", () => {
    const event = fc.tuple(
      fc.constantFrom("ask", "deliver", "giveUp", "leave"),
      fc.constantFrom("a", "b", "c"),
      fc.nat(),
    );
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 80 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(),
        (events, units, seed) => {
          const s = script({
            have: "......",
            unitsPerPiece: units,
            random: seededRandom(seed),
            maxUnverifiedBytes: 200_000,
          });
          for (const [kind, peer, choice] of events) {
            act(s, kind, peer, choice);
            checkBooks(s);
          }
          for (let turn = 0; turn < 1_000 && !s.table.isComplete; turn++) {
            for (const peer of ["a", "b", "c"]) act(s, turn % 2 === 0 ? "ask" : "deliver", peer, turn);
          }
          expect([s.drawing(), s.scheduler.unverifiedBytes]).toEqual(["xxxxxx", 0]);
        },
      ),
    );
  });
});

function act(s: ScriptedSwarm, kind: string, peer: string, choice: number): void {
  if (kind === "ask") s.ask(peer, 1 + (choice % 4));
  if (kind === "leave") s.leave(peer);
  const outstanding = [...s.source(peer).requests.outstanding()];
  const request = outstanding[choice % outstanding.length];
  if (request === undefined) return;
  const block = `${request.piece}.${request.begin / UNIT_BYTES}`;
  if (kind === "giveUp") s.giveUp(peer, block);
  if (kind !== "deliver" || !s.deliver(peer, block)) return;
  finish(s, request.piece);
}

function finish(s: ScriptedSwarm, index: number): void {
  const piece = s.geometry.pieceIndex(index);
  const assembly = s.scheduler.get(piece);
  if (assembly === undefined || s.table.state(piece) !== "downloading") return;
  s.table.verify(piece);
  s.table.complete(piece);
  s.scheduler.finished(assembly, false);
}

/** What is in flight in the assemblies is what is outstanding at the peers, and memory is what the assemblies hold. */
function checkBooks(s: ScriptedSwarm): void {
  const asked = new Map<number, number>();
  for (const peer of ["a", "b", "c"]) {
    for (const { piece, length } of s.source(peer).requests.outstanding()) {
      asked.set(piece, (asked.get(piece) ?? 0) + length / UNIT_BYTES);
    }
  }
  let bytes = 0;
  for (const assembly of s.scheduler.assemblies()) {
    expect(assembly.inFlightUnits).toBe(asked.get(assembly.piece) ?? 0);
    bytes += assembly.bytes.length;
  }
  expect(s.scheduler.unverifiedBytes).toBe(bytes);
  expect(bytes).toBeLessThanOrEqual(Math.max(200_000, s.geometry.pieceLength));
}
