import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PieceIndex } from "../../base/ids.js";
import { Bitfield } from "../../torrent/bitfield.js";
import { Geometry, UNIT_BYTES } from "../../torrent/geometry.js";
import { fieldOf } from "../../../testing/swarm-script.js";
import { PieceTable, type PieceState } from "./piece-table.js";

const SIZE = 12;

/** "x" here, "." missing, "-" missing and not wanted. */
function table(drawn: string): PieceTable {
  const geometry = new Geometry(drawn.length * UNIT_BYTES, UNIT_BYTES);
  const wanted = new Bitfield(drawn.length);
  for (let piece = 0; piece < drawn.length; piece++) if (drawn[piece] !== "-") wanted.set(piece);
  return new PieceTable(geometry, fieldOf(drawn), wanted);
}

function at(subject: PieceTable, piece: number): PieceIndex {
  return subject.geometry.pieceIndex(piece);
}

/** Puts a piece that is missing into a state. */
function bring(subject: PieceTable, piece: PieceIndex, state: PieceState): void {
  if (state !== "missing") subject.start(piece);
  if (state === "verifying" || state === "have") subject.verify(piece);
  if (state === "have") subject.complete(piece);
}

const EDGES: Record<PieceState, readonly string[]> = {
  missing: ["start"],
  downloading: ["verify", "drop"],
  verifying: ["complete", "drop"],
  have: ["lose"],
};
const AFTER = {
  start: "downloading",
  verify: "verifying",
  complete: "have",
  drop: "missing",
  lose: "missing",
} as const;
const ACTIONS = ["start", "verify", "complete", "drop", "lose"] as const;
type Action = (typeof ACTIONS)[number];
const ALL_PAIRS = (["missing", "downloading", "verifying", "have"] as const).flatMap((state) =>
  ACTIONS.map((action): [PieceState, Action] => [state, action]),
);

function act(subject: PieceTable, action: Action, piece: PieceIndex): void {
  switch (action) {
    case "start":
      return subject.start(piece);
    case "verify":
      return subject.verify(piece);
    case "complete":
      return subject.complete(piece);
    case "drop":
      return subject.drop(piece);
    case "lose":
      return subject.lose(piece);
  }
}

describe("PieceTable", () => {
  it.each(ALL_PAIRS)("in state %s allows or refuses to %s", (state, action) => {
    const subject = table("...");
    const piece = at(subject, 1);
    bring(subject, piece, state);
    if (!EDGES[state].includes(action)) {
      expect(() => act(subject, action, piece)).toThrow("Invariant");
      expect(subject.state(piece)).toBe(state);
    } else {
      act(subject, action, piece);
      expect(subject.state(piece)).toBe(AFTER[action]);
    }
  });

  it("begins with what is here, and opens what is missing and wanted", () => {
    const subject = table("x.-x.");
    expect([...subject.open()].sort()).toEqual([1, 4]);
    expect([subject.wantedMissing, subject.isComplete, subject.isSeed]).toEqual([2, false, false]);
    expect([subject.isLacking(0), subject.isLacking(1), subject.isLacking(2)]).toEqual([false, true, false]);
  });

  it("is complete with what is wanted, and a seed with everything", () => {
    const subject = table("x-.");
    bring(subject, at(subject, 2), "have");
    expect([subject.isComplete, subject.isSeed]).toEqual([true, false]);
    bring(subject, at(subject, 1), "have");
    expect([subject.isComplete, subject.isSeed, subject.wantedMissing]).toEqual([true, true, 0]);
  });

  it("keeps its own copy of what it was given", () => {
    const have = fieldOf("..");
    const subject = new PieceTable(new Geometry(2 * UNIT_BYTES, UNIT_BYTES), have, Bitfield.full(2));
    have.setAll();
    expect(subject.wantedMissing).toBe(2);
    expect(subject.have.isEmpty).toBe(true);
  });

  it("knows whether a peer's pieces are of use, those under way included", () => {
    const subject = table("x.-.");
    expect(["x...", "..x.", ".x..", "xxxx", "...."].map((held) => subject.lacksAnyOf(fieldOf(held)))).toEqual([
      false,
      false,
      true,
      true,
      false,
    ]);
    subject.start(at(subject, 1));
    expect(subject.lacksAnyOf(fieldOf(".x.."))).toBe(true);
    bring(subject, at(subject, 3), "have");
    subject.verify(at(subject, 1));
    subject.complete(at(subject, 1));
    expect(subject.lacksAnyOf(fieldOf("xxxx"))).toBe(false);
  });

  it("opens what comes to be wanted, and closes what is wanted no more", () => {
    const subject = table("x--.");
    expect([subject.want(at(subject, 1)), subject.want(at(subject, 1)), subject.want(at(subject, 0))]).toEqual([
      true,
      false,
      false,
    ]);
    expect([[...subject.open()].sort(), subject.wantedMissing]).toEqual([[1, 3], 2]);
    subject.unwant(at(subject, 3));
    expect([[...subject.open()], subject.wantedMissing, subject.isLacking(3)]).toEqual([[1], 1, false]);
    subject.unwant(at(subject, 1));
    expect(subject.isComplete).toBe(true);
  });

  it("neither opens nor forgets a piece under way that is wanted no more", () => {
    const subject = table("..");
    bring(subject, at(subject, 0), "verifying");
    bring(subject, at(subject, 1), "downloading");
    for (const piece of [0, 1]) subject.unwant(at(subject, piece));
    expect([subject.wantedMissing, subject.open()]).toEqual([0, new Int32Array()]);
    subject.complete(at(subject, 0));
    subject.lose(at(subject, 0));
    subject.drop(at(subject, 1));
    expect([subject.wantedMissing, subject.open()]).toEqual([0, new Int32Array()]);
    subject.want(at(subject, 1));
    expect([subject.wantedMissing, [...subject.open()]]).toEqual([1, [1]]);
  });

  it("agrees with a plain model under any sequence of events", () => {
    const drawing = fc.string({ unit: fc.constantFrom("x", ".", "-"), minLength: SIZE, maxLength: SIZE });
    const events = fc.array(fc.tuple(fc.constantFrom(...ACTIONS), fc.nat({ max: SIZE - 1 })), { maxLength: 100 });
    fc.assert(
      fc.property(drawing, events, (drawn, changes) => {
        const subject = table(drawn);
        const model = Array.from(drawn).map((character): PieceState => (character === "x" ? "have" : "missing"));
        for (const [action, piece] of changes) {
          if (!EDGES[model[piece]!].includes(action)) continue;
          act(subject, action, at(subject, piece));
          model[piece] = AFTER[action];
        }
        const lacking = model.flatMap((state, piece) => (state !== "have" && drawn[piece] !== "-" ? [piece] : []));
        expect([...subject.open()].sort((a, b) => a - b)).toEqual(
          lacking.filter((piece) => model[piece] === "missing"),
        );
        expect(subject.wantedMissing).toBe(lacking.length);
        expect([...subject.have.indexes()]).toEqual(model.flatMap((state, piece) => (state === "have" ? [piece] : [])));
        expect([...subject.geometry.pieces()].map((piece) => subject.state(piece))).toEqual(model);
      }),
    );
  });
});
