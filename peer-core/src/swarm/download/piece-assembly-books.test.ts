import { describe, expect, it } from "vitest";
import { equalBytes } from "../../base/bytes.js";
import { Geometry, UNIT_BYTES } from "../../torrent/geometry.js";
import { PieceAssembly } from "./piece-assembly.js";

const ALICE = 1;
const BOB = 2;

/** `units` whole ones, and `more` bytes. */
function assembly(units: number, more = 0): PieceAssembly {
  const length = units * UNIT_BYTES + more;
  return new PieceAssembly(new Geometry(length, length).pieceIndex(0), new Uint8Array(length));
}

function block(units: number, fill: number, more = 0): Uint8Array {
  return new Uint8Array(units * UNIT_BYTES + more).fill(fill);
}

describe("the books of a PieceAssembly", () => {
  it("knows when each unit, and when anything of it, was last asked for", () => {
    const subject = assembly(3);
    expect([subject.lastAskedAt, subject.askedAt(0)]).toEqual([0, 0]);
    subject.reserve({ unit: 0, count: 2 }, 5);
    subject.reserve({ unit: 1, count: 1 }, 7);
    expect([0, 1, 2].map((unit) => subject.askedAt(unit))).toEqual([5, 7, 0]);
    expect(subject.lastAskedAt).toBe(7);
  });

  it("counts a unit that is asked of two as asked for until both have given it up", () => {
    const subject = assembly(2);
    subject.reserve({ unit: 0, count: 2 }, 0);
    subject.reserve({ unit: 1, count: 1 }, 0);
    subject.unreserve({ unit: 1, count: 1 });
    expect([subject.unrequestedUnits, subject.inFlightUnits, subject.nextRun(9)]).toEqual([0, 2, undefined]);
    subject.unreserve({ unit: 1, count: 1 });
    expect([subject.unrequestedUnits, subject.inFlightUnits]).toEqual([1, 1]);
    expect(subject.nextRun(9)).toEqual({ unit: 1, count: 1 });
  });

  it("counts what has come as neither asked for nor open, whoever gives it up", () => {
    const subject = assembly(2);
    subject.reserve({ unit: 0, count: 1 }, 0);
    subject.add(0, block(1, 1), ALICE);
    subject.unreserve({ unit: 0, count: 1 });
    expect([subject.unrequestedUnits, subject.isReceived(0), subject.isReceived(1)]).toEqual([1, true, false]);
    expect(subject.nextRun(9)).toEqual({ unit: 1, count: 1 });
  });

  it("lies elsewhere once its memory has been to another thread, which it goes to whole", () => {
    const subject = assembly(1, 5);
    const elsewhere = block(1, 8, 5);
    expect(() => subject.move(elsewhere)).toThrow("Invariant");
    subject.add(0, block(1, 8, 5), ALICE);
    subject.move(elsewhere);
    expect([subject.bytes, subject.size]).toEqual([elsewhere, UNIT_BYTES + 5]);
    expect(subject.bytes).toBe(elsewhere);
  });
});

describe("the place in a PieceAssembly that a block is read to", () => {
  it("is not taken for the place that a block comes from which lies alike in another buffer", () => {
    const subject = assembly(2);
    const elsewhere = new Uint8Array(2 * UNIT_BYTES).fill(4).subarray(UNIT_BYTES);
    subject.add(UNIT_BYTES, elsewhere, ALICE);
    expect(equalBytes(subject.bytes.subarray(UNIT_BYTES), block(1, 4))).toBe(true);
  });

  it("is found where the piece is a part of a larger buffer, beside others", () => {
    const piece = new Geometry(4 * UNIT_BYTES, 2 * UNIT_BYTES).pieceIndex(1);
    const memory = new Uint8Array(5 * UNIT_BYTES);
    const subject = new PieceAssembly(piece, memory.subarray(2 * UNIT_BYTES, 4 * UNIT_BYTES));
    subject.reserve({ unit: 0, count: 1 }, 0);
    const landing = subject.land(0, UNIT_BYTES) ?? new Uint8Array();
    landing.fill(3);
    subject.add(0, landing, ALICE);
    expect(subject.isBeingReadInto).toBe(false);
    // Its own first unit, where its second belongs.
    subject.add(UNIT_BYTES, landing, BOB);
    expect([1, 2, 3, 4].map((unit) => memory[unit * UNIT_BYTES])).toEqual([0, 3, 3, 0]);
  });

  it("stays for those that are being read while others beside them have come", () => {
    const subject = assembly(3);
    subject.reserve({ unit: 0, count: 3 }, 0);
    const [first, third] = [0, 2].map((unit) => subject.land(unit * UNIT_BYTES, UNIT_BYTES));
    subject.add(UNIT_BYTES, block(1, 5), BOB);
    if (first !== undefined) subject.add(0, first.fill(4), ALICE);
    expect(subject.isBeingReadInto).toBe(true);
    if (third !== undefined) subject.add(2 * UNIT_BYTES, third.fill(6), ALICE);
    expect([0, 1, 2].map((unit) => subject.bytes[unit * UNIT_BYTES])).toEqual([4, 5, 6]);
    expect([subject.isBeingReadInto, subject.bytes.buffer === first?.buffer]).toEqual([false, true]);
  });

  it("is left behind when somebody else brings what one of several links is reading", () => {
    const subject = assembly(3);
    subject.reserve({ unit: 0, count: 3 }, 0);
    const [first, third] = [0, 2].map((unit) => subject.land(unit * UNIT_BYTES, UNIT_BYTES));
    subject.add(0, block(1, 5), BOB);
    first?.fill(4);
    expect([subject.bytes[0], subject.isBeingReadInto]).toEqual([5, false]);
    if (third !== undefined) subject.add(2 * UNIT_BYTES, third.fill(6), ALICE);
    expect([0, 1, 2].map((unit) => subject.bytes[unit * UNIT_BYTES])).toEqual([5, 0, 6]);
  });
});
