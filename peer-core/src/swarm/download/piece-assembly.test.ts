import { describe, expect, it } from "vitest";
import { equalBytes } from "../../base/bytes.js";
import { Geometry, UNIT_BYTES } from "../../torrent/geometry.js";
import { PieceAssembly } from "./piece-assembly.js";

const ALICE = 1;
const BOB = 2;

/** `units` whole ones, and `more` bytes. */
function assembly(units: number, more = 0): PieceAssembly {
  const length = units * UNIT_BYTES + more;
  const pieceLength = (units + 1) * UNIT_BYTES;
  const piece = new Geometry(length, pieceLength).pieceIndex(0);
  return new PieceAssembly(piece, new Uint8Array(length));
}

function block(units: number, fill: number, more = 0): Uint8Array {
  return new Uint8Array(units * UNIT_BYTES + more).fill(fill);
}

/** One character per unit: "." unrequested, digit in flight at so many, letter received from session 1 = a. */
function drawing(subject: PieceAssembly, units: number): string {
  return Array.from({ length: units }, (_, unit) => {
    const sender = subject.senderOf(unit);
    if (sender !== 0) return String.fromCharCode(96 + sender);
    return subject.isInFlight(unit) ? "1" : ".";
  }).join("");
}

describe("PieceAssembly", () => {
  it("hands out unrequested runs from the front", () => {
    const subject = assembly(5);
    expect(subject.nextRun(2)).toEqual({ unit: 0, count: 2 });
    subject.reserve({ unit: 0, count: 2 }, 0);
    expect(subject.nextRun(9)).toEqual({ unit: 2, count: 3 });
    subject.reserve({ unit: 2, count: 3 }, 0);
    expect([subject.nextRun(1), subject.unrequestedUnits, subject.inFlightUnits]).toEqual([undefined, 0, 5]);
  });

  it("tells who brought most of it", () => {
    const subject = assembly(4);
    expect(subject.mainContributor()).toBe(0);
    subject.add(0, block(1, 9), ALICE);
    subject.add(UNIT_BYTES, block(1, 9), BOB);
    expect(subject.mainContributor()).toBe(ALICE);
    subject.add(2 * UNIT_BYTES, block(2, 9), BOB);
    expect(subject.mainContributor()).toBe(BOB);
  });

  it("ends a run where something has been asked for or has come", () => {
    const subject = assembly(6);
    subject.reserve({ unit: 2, count: 1 }, 0);
    subject.add(4 * UNIT_BYTES, block(1, 9), ALICE);
    expect(drawing(subject, 6)).toBe("..1.a.");
    expect(subject.nextRun(9)).toEqual({ unit: 0, count: 2 });
    subject.reserve({ unit: 0, count: 2 }, 0);
    expect(subject.nextRun(9)).toEqual({ unit: 3, count: 1 });
  });

  it("hands out again what was given up", () => {
    const subject = assembly(4);
    subject.reserve({ unit: 0, count: 4 }, 0);
    subject.unreserve({ unit: 1, count: 2 });
    expect([subject.nextRun(9), subject.unrequestedUnits]).toEqual([{ unit: 1, count: 2 }, 2]);
  });

  it("is complete when every unit has come, a short last one included", () => {
    const subject = assembly(2, 5);
    expect(subject.runOf(UNIT_BYTES, UNIT_BYTES + 5)).toEqual({ unit: 1, count: 2 });
    expect(subject.rangeOf({ unit: 1, count: 2 })).toEqual({ begin: UNIT_BYTES, length: UNIT_BYTES + 5 });
    expect(subject.add(UNIT_BYTES, block(1, 2, 5), ALICE)).toBe(UNIT_BYTES + 5);
    expect(subject.isComplete).toBe(false);
    expect(subject.add(0, block(1, 1), BOB)).toBe(UNIT_BYTES);
    expect([subject.isComplete, [...subject.contributors()].sort()]).toEqual([true, [ALICE, BOB]]);
    expect([subject.bytes[0], subject.bytes[UNIT_BYTES], subject.bytes.at(-1)]).toEqual([1, 2, 2]);
  });

  it("takes nothing of a duplicate", () => {
    const subject = assembly(2);
    subject.add(0, block(1, 1), ALICE);
    expect(subject.add(0, block(1, 9), BOB)).toBe(0);
    expect(equalBytes(subject.bytes.subarray(0, UNIT_BYTES), block(1, 1))).toBe(true);
    expect(subject.senderOf(0)).toBe(ALICE);
  });

  it("takes only what is new of a block that partly was here", () => {
    const subject = assembly(3);
    subject.add(UNIT_BYTES, block(1, 1), ALICE);
    expect(subject.add(0, block(3, 9), BOB)).toBe(2 * UNIT_BYTES);
    expect([0, 1, 2].map((unit) => subject.bytes[unit * UNIT_BYTES])).toEqual([9, 1, 9]);
    expect(drawing(subject, 3)).toBe("bab");
  });

  it("takes a block late, of units that nobody is asked for any more", () => {
    const subject = assembly(2);
    subject.reserve({ unit: 0, count: 1 }, 0);
    subject.unreserve({ unit: 0, count: 1 });
    expect(subject.add(0, block(1, 3), ALICE)).toBe(UNIT_BYTES);
    expect([subject.unrequestedUnits, subject.nextRun(9)]).toEqual([1, { unit: 1, count: 1 }]);
  });

  it("has the latest unit asked of a second peer, never of a third", () => {
    const subject = assembly(3);
    subject.reserve({ unit: 0, count: 3 }, 0);
    expect(subject.lastInFlight(() => true)).toEqual({ unit: 2, count: 1 });
    expect(subject.lastInFlight((unit) => unit < 1)).toEqual({ unit: 0, count: 1 });
    subject.reserve({ unit: 2, count: 1 }, 0);
    expect([subject.lastInFlight(() => true), subject.inFlightUnits]).toEqual([{ unit: 1, count: 1 }, 4]);
  });

  it("repeats nothing that has come or is not under way", () => {
    const subject = assembly(3);
    subject.add(0, block(1, 1), ALICE);
    subject.reserve({ unit: 1, count: 1 }, 0);
    subject.add(UNIT_BYTES, block(1, 1), ALICE);
    expect(subject.lastInFlight(() => true)).toBeUndefined();
  });

  it("is loud about a unit given up that was not in flight", () => {
    expect(() => assembly(1).unreserve({ unit: 0, count: 1 })).toThrow("Invariant");
  });

  describe("where blocks are read to", () => {
    it("is the piece itself for one that nobody else is asked for, and taken in without another copy", () => {
      const subject = assembly(4);
      subject.reserve({ unit: 1, count: 2 }, 0);
      const landing = subject.land(UNIT_BYTES, 2 * UNIT_BYTES);
      expect(landing?.buffer).toBe(subject.bytes.buffer);
      expect(subject.isBeingReadInto).toBe(true);
      landing?.fill(7);
      subject.unreserve({ unit: 1, count: 2 });
      expect(landing && subject.add(UNIT_BYTES, landing, ALICE)).toBe(2 * UNIT_BYTES);
      expect([drawing(subject, 4), subject.isBeingReadInto]).toEqual([".aa.", false]);
      expect(equalBytes(subject.bytes.subarray(UNIT_BYTES, 3 * UNIT_BYTES), block(2, 7))).toBe(true);
    });

    it("is elsewhere for what has come, is asked of two, is not asked of anybody, or is being read already", () => {
      const subject = assembly(6);
      subject.reserve({ unit: 0, count: 4 }, 0);
      subject.add(0, block(1, 9), BOB);
      subject.reserve({ unit: 1, count: 1 }, 0);
      expect(subject.land(0, UNIT_BYTES)).toBeUndefined();
      expect(subject.land(UNIT_BYTES, UNIT_BYTES)).toBeUndefined();
      expect(subject.land(4 * UNIT_BYTES, UNIT_BYTES)).toBeUndefined();
      expect(subject.land(2 * UNIT_BYTES, 2 * UNIT_BYTES)).toBeDefined();
      expect(subject.land(3 * UNIT_BYTES, UNIT_BYTES)).toBeUndefined();
    });

    it("is left behind when somebody else brings one of its units first: the slow one writes over nothing", () => {
      const subject = assembly(3);
      subject.reserve({ unit: 0, count: 3 }, 0);
      const landing = subject.land(0, 2 * UNIT_BYTES) ?? new Uint8Array();
      landing.subarray(0, 100).fill(1);
      expect(subject.add(UNIT_BYTES, block(1, 5), BOB)).toBe(UNIT_BYTES);
      landing.fill(6);
      expect(subject.bytes[UNIT_BYTES]).toBe(5);
      expect(subject.isBeingReadInto).toBe(false);
      expect(subject.add(0, landing, ALICE)).toBe(UNIT_BYTES);
      expect(subject.add(2 * UNIT_BYTES, block(1, 8), ALICE)).toBe(UNIT_BYTES);
      expect(drawing(subject, 3)).toBe("aba");
      expect([0, 1, 2].map((unit) => subject.bytes[unit * UNIT_BYTES])).toEqual([6, 5, 8]);
    });
  });
});
