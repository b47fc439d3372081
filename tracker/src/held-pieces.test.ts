import type { HeldPieces } from "@shoal/peer-core/announce";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyReport, countHeld, heldBytes, heldBytesAfter, holds } from "./held-pieces.js";
import type { HeldRecord } from "./held-pieces.js";

const reports: fc.Arbitrary<HeldPieces> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: "all" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("bitfield" as const), bytes: fc.uint8Array({ maxLength: 4 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("indexes" as const), pieces: fc.array(fc.nat(31), { maxLength: 5 }) }),
  },
);

test("knows after any reports exactly what was reported, and what it costs was said before", () => {
  const property = fc.property(fc.array(reports), (all) => {
    let held: HeldRecord | undefined;
    let expected = new Set<number>();
    for (const report of all) {
      const bytes = heldBytesAfter(held, report);
      held = applyReport(held, report);
      expect(heldBytes(held)).toBe(bytes);
      expected = reportedAfter(expected, report);
    }
    const counts = new Uint32Array(32);
    if (held !== undefined) countHeld(held, counts);
    for (let piece = 0; piece < 32; piece++) {
      expect(holds(held, piece)).toBe(expected.has(piece));
      expect(counts[piece]).toBe(expected.has(piece) ? 1 : 0);
    }
  });
  fc.assert(property);
});

function reportedAfter(before: ReadonlySet<number>, report: HeldPieces): Set<number> {
  const every = Array.from({ length: 32 }, (_, piece) => piece);
  if (report.kind === "all") return new Set(every);
  if (report.kind === "indexes") return new Set([...before, ...report.pieces]);
  return new Set(every.filter((piece) => ((report.bytes[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) !== 0));
}
