import { describe, expect, it } from "vitest";
import { script, type ScriptedSwarm } from "../../../testing/swarm-script.js";
import { ByteBudget } from "../../base/byte-budget.js";
import { RequestWindow } from "../../peer/request-window.js";
import { Suggestions } from "../../peer/suggestions.js";
import { UNIT_BYTES } from "../../torrent/geometry.js";
import { DownloadScheduler, type Source } from "./download-scheduler.js";

/** A window of `units`, an even number, with nothing outstanding. */
function grownWindow(units: number): RequestWindow {
  const requests = new RequestWindow();
  for (let unit = 4; unit < units; unit += 2) {
    requests.sent({ piece: 1_000, begin: 0, length: requests.windowBytes, sentAt: 0 });
    requests.sent({ piece: 1_001, begin: 0, length: 2 * UNIT_BYTES, sentAt: 0 });
    requests.settle(1_001, 0, 2 * UNIT_BYTES, 0);
    requests.refused({ piece: 1_000, begin: 0, length: requests.windowBytes - 2 * UNIT_BYTES });
  }
  return requests;
}

/** What is planned for a source, as "PIECE.UNIT", "+N" behind it where it is longer than a unit. */
function planned(scheduler: DownloadScheduler, source: Source, units: number, now = 0): string {
  const requests = scheduler.plan(source, units * UNIT_BYTES, now);
  return requests
    .map(({ piece, begin, length }) => {
      const more = length / UNIT_BYTES - 1;
      return `${piece}.${begin / UNIT_BYTES}${more > 0 ? `+${more}` : ""}`;
    })
    .join(" ");
}

function solo(units: number): ScriptedSwarm {
  const s = script({ have: ".", unitsPerPiece: units });
  s.scheduler.fetchSolo(s.geometry.pieceIndex(0));
  return s;
}

function complete(s: ScriptedSwarm, index: number, keepBuffer = false): void {
  const piece = s.geometry.pieceIndex(index);
  s.table.verify(piece);
  s.table.complete(piece);
  s.scheduler.finished(s.scheduler.get(index)!, keepBuffer);
}

describe("DownloadScheduler, for a piece that one peer alone may finish", () => {
  it("opens it to others when that peer pauses, unless that is still sending some of it", () => {
    const s = solo(2);
    s.ask("a", 1);
    s.scheduler.sourcePaused(s.source("a").id);
    expect(s.drawing()).toBe("d");
    s.deliver("a", "0.0");
    s.scheduler.sourcePaused(s.source("b").id);
    expect(s.drawing()).toBe("d");
    s.scheduler.sourcePaused(s.source("a").id);
    expect([s.drawing(), s.ask("b", 2)]).toEqual([".", "0.0 0.1"]);
  });

  it("opens it to others when nothing of it has been asked for in five seconds", () => {
    const s = solo(2);
    s.ask("a", 1);
    s.scheduler.tick(60_000);
    expect(s.drawing()).toBe("d");
    s.deliver("a", "0.0");
    s.scheduler.tick(4_999);
    expect(s.drawing()).toBe("d");
    s.scheduler.tick(5_000);
    expect([s.drawing(), s.ask("b", 2)]).toEqual([".", "0.0 0.1"]);
  });

  it("keeps it once all of it has come", () => {
    const s = solo(1);
    s.ask("a", 1);
    s.deliver("a", "0.0");
    s.scheduler.tick(60_000);
    s.scheduler.letGo(0);
    s.leave("a");
    expect([s.drawing(), s.scheduler.get(0)?.isComplete]).toEqual(["d", true]);
  });

  it("has nobody repeat what that peer is slow to send", () => {
    const s = solo(2);
    s.ask("a", 2);
    expect(planned(s.scheduler, s.source("b"), 4, 60_000)).toBe("");
  });
});

describe("DownloadScheduler, for a piece that several send", () => {
  it("keeps what has come of it whoever pauses, and however long ago it was asked for", () => {
    const s = script({ have: ".", unitsPerPiece: 2 });
    s.ask("a", 1);
    s.deliver("a", "0.0");
    s.scheduler.sourcePaused(s.source("a").id);
    s.scheduler.tick(60_000);
    expect([s.drawing(), s.ask("b", 2)]).toEqual(["d", "0.1"]);
  });

  it("drops it where nobody wants it, unless somebody is sending more of it", () => {
    const s = script({ have: "..", availability: "12", unitsPerPiece: 2 });
    s.ask("a", 1);
    s.scheduler.letGo(0);
    s.scheduler.letGo(1);
    expect(s.drawing()).toBe("d.");
    s.deliver("a", "0.0");
    s.scheduler.letGo(0);
    expect([s.drawing(), s.scheduler.unverifiedBytes]).toEqual(["..", 0]);
    expect([s.ask("a", 1), s.ask("b", 3)]).toEqual(["0.0", "1.0 1.1 0.1"]);
  });

  it("drops the one that has come least far for want of memory, whichever was begun first", () => {
    const peers = { c: "..x" };
    const s = script({ have: "...", availability: "123", unitsPerPiece: 3, maxUnverifiedBytes: 6 * UNIT_BYTES, peers });
    s.ask("a", 4);
    for (const block of ["0.0", "1.0"]) s.deliver("a", block);
    s.ask("a", 1);
    s.deliver("a", "1.1");
    s.leave("a");
    expect([s.ask("c", 1), s.drawing()]).toEqual(["2.0", ".dd"]);
  });

  it("forgets requests for a piece that it has dropped", () => {
    const s = script({ have: ".", unitsPerPiece: 2 });
    s.scheduler.released({ piece: 0, begin: 0, length: UNIT_BYTES, sentAt: 0 });
    expect([s.drawing(), s.ask("a", 2)]).toEqual([".", "0.0 0.1"]);
  });
});

describe("DownloadScheduler, for a peer for which it has found nothing", () => {
  it("looks again when more is wanted, and not before", () => {
    const s = script({ have: "-", availability: "1" });
    expect(s.ask("a", 1)).toBe("");
    s.table.want(s.geometry.pieceIndex(0));
    expect(s.ask("a", 1)).toBe("");
    s.scheduler.wantedChanged();
    expect(s.ask("a", 1)).toBe("0.0");
  });

  it("looks again when it holds more, and when it has gone and come back", () => {
    const s = script({ have: "..", peers: { a: "..", b: ".." } });
    for (const peer of ["a", "b"]) {
      expect(s.ask(peer, 1)).toBe("");
      s.source(peer).pieces.set(0);
      s.source(peer).pieces.set(1);
      expect(s.ask(peer, 1)).toBe("");
    }
    s.scheduler.sourceGained(s.source("a").id);
    expect(s.ask("a", 1)).toMatch(/^[01]\.0$/);
    s.leave("b");
    expect(s.ask("b", 1)).toMatch(/^[01]\.0$/);
  });

  it("looks again when another peer gives something up, or a piece has come to nothing", () => {
    const s = solo(1);
    s.ask("a", 1);
    expect(s.ask("b", 1)).toBe("");
    s.giveUp("a", "0.0");
    expect(s.ask("b", 1)).toBe("0.0");
    expect(s.ask("c", 1)).toBe("");
    s.deliver("b", "0.0");
    const piece = s.geometry.pieceIndex(0);
    s.table.verify(piece);
    s.table.drop(piece);
    s.scheduler.finished(s.scheduler.get(0)!, false);
    expect(s.ask("c", 1)).toBe("0.0");
  });

  it("looks again, though nothing has happened, where there was no room for a piece", () => {
    const s = script({ have: "..", availability: "12", unitsPerPiece: 1, maxUnverifiedBytes: UNIT_BYTES });
    const other = { ...s.source("b"), pieces: s.source("b").pieces.clone() };
    other.pieces.clear(0);
    s.ask("a", 1);
    expect([planned(s.scheduler, other, 1), s.scheduler.takeWasFull()]).toEqual(["", true]);
    expect([planned(s.scheduler, other, 1), s.scheduler.takeWasFull()]).toEqual(["", true]);
  });
});

describe("DownloadScheduler, for peers that like runs and others", () => {
  it("has one go on where it began, and the others keep out of its way until it has gone", () => {
    const s = script({ have: "........", availability: "11111111", random: { float: () => 0.5 } });
    const runner = { ...s.source("r"), likesRuns: true };
    expect(planned(s.scheduler, runner, 3)).toBe("4.0 5.0 6.0");
    expect(s.ask("a", 1)).toBe("3.0");
    s.leave("r");
    // Out of its way would be the second.
    expect(s.ask("b", 1)).toBe("7.0");
  });

  it("asks a peer first for what it suggests", () => {
    const s = script({ have: "....", availability: "1111" });
    const suggestions = new Suggestions();
    suggestions.add(2);
    expect(planned(s.scheduler, { ...s.source("a"), suggestions }, 1)).toBe("2.0");
  });
});

describe("DownloadScheduler, in long blocks", () => {
  it("asks for a quarter of the window at a time, and for nothing shorter while something is under way", () => {
    const s = script({ have: ".", unitsPerPiece: 32 });
    const source = { ...s.source("a"), longestBlock: 8 * UNIT_BYTES, requests: grownWindow(16) };
    expect(source.requests.windowBytes).toBe(16 * UNIT_BYTES);
    expect(planned(s.scheduler, source, 13)).toBe("0.0+3 0.4+3 0.8+3 0.12+3");
    source.requests.settle(0, 0, 4 * UNIT_BYTES, 10_000);
    expect(source.requests.roomBytes).toBeGreaterThan(UNIT_BYTES);
    expect(planned(s.scheduler, source, 13)).toBe("");
  });

  it("has no unit repeated by the peer that was asked for it in a longer block", () => {
    const s = script({ have: ".", unitsPerPiece: 4 });
    const [a, b] = ["a", "b"].map((peer) => {
      return { ...s.source(peer), longestBlock: 2 * UNIT_BYTES, requests: grownWindow(16) };
    });
    expect(a && planned(s.scheduler, a, 2)).toBe("0.0+1");
    expect(b && planned(s.scheduler, b, 2)).toBe("0.2+1");
    expect(a && planned(s.scheduler, a, 4)).toBe("0.3 0.2");
    expect(b && planned(s.scheduler, b, 4)).toBe("0.1 0.0");
  });

  it("repeats nothing that the peer does not hold", () => {
    const s = script({ have: ".x", peers: { a: "xx", b: ".x" }, unitsPerPiece: 2 });
    s.ask("a", 2);
    expect(planned(s.scheduler, s.source("b"), 4, 60_000)).toBe("");
  });
});

describe("DownloadScheduler of a relay", () => {
  it("has nobody repeat what is not slow, since there is always more to come", () => {
    const s = script({ have: "." });
    const relay = new DownloadScheduler(s.table, s.picker, new ByteBudget(2 ** 30), undefined, true);
    expect(planned(relay, s.source("a"), 1)).toBe("0.0");
    expect(planned(relay, s.source("b"), 1, 1_999)).toBe("");
    expect(planned(relay, s.source("b"), 1, 2_000)).toBe("0.0");
  });
});

describe("the memory of a DownloadScheduler", () => {
  it("is used again for the next piece, unless it is kept or still being read into", () => {
    const isUsedAgain = (fate: string) => {
      const s = script({ have: "..", availability: "12" });
      s.ask("a", 1);
      const assembly = s.scheduler.get(0)!;
      const { bytes } = assembly;
      if (fate === "dropped while it is read into") assembly.land(0, UNIT_BYTES);
      if (fate.startsWith("dropped")) s.giveUp("a", "0.0");
      else if (s.deliver("a", "0.0")) complete(s, 0, fate === "kept");
      if (fate === "let go") s.scheduler.allDone();
      s.ask("a", 1);
      return [...s.scheduler.assemblies()].some((next) => next.bytes === bytes);
    };
    const fates = ["stored", "dropped", "dropped while it is read into", "kept", "let go"];
    expect(fates.filter(isUsedAgain)).toEqual(["stored", "dropped"]);
  });

  it("is given back when it stops", () => {
    const s = script({ have: ".." });
    const budget = new ByteBudget(2 * UNIT_BYTES);
    const scheduler = new DownloadScheduler(s.table, s.picker, budget);
    planned(scheduler, s.source("a"), 2);
    expect([budget.hasRoomFor(1), scheduler.unverifiedBytes]).toEqual([false, 2 * UNIT_BYTES]);
    scheduler.stop();
    expect([budget.hasRoomFor(2 * UNIT_BYTES), scheduler.unverifiedBytes]).toEqual([true, 0]);
  });
});
