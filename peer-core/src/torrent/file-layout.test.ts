import type { FileEntry } from "./metainfo.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FileLayout, UNWANTED_FILE, type Run } from "./file-layout.js";

interface Shape {
  readonly files: readonly FileEntry[];
  readonly selected: ReadonlySet<number> | undefined;
  readonly length: number;
}

const shapes: fc.Arbitrary<Shape> = fc
  .record({
    parts: fc.array(fc.record({ length: fc.nat(20), padding: fc.boolean(), isSelected: fc.boolean() }), {
      minLength: 1,
    }),
    selectAll: fc.boolean(),
  })
  .map(({ parts, selectAll }) => {
    let offset = 0;
    const files = parts.map(({ length, padding }, at) => {
      const entry = { path: [`f${at}`], length, offset, padding };
      offset += length;
      return entry;
    });
    const selected = new Set([...parts.keys()].filter((at) => parts[at]?.isSelected));
    return { files, selected: selectAll ? undefined : selected, length: offset };
  });

/** The place of every byte by itself: slow, and too simple to be wrong. */
function placeOf({ files, selected }: Shape, byte: number): string {
  const file = files.findIndex((entry) => byte >= entry.offset && byte < entry.offset + entry.length);
  if (files[file]?.padding) return "padding";
  if (selected !== undefined && !selected.has(file)) return `unwanted ${byte}`;
  return `${file}:${byte - (files[file]?.offset ?? 0)}`;
}

function placesOf(run: Run): string[] {
  return Array.from({ length: run.length }, (_, nth) => {
    if (run.kind === "padding") return "padding";
    if (run.kind === "unwanted") return `unwanted ${run.position + nth}`;
    return `${run.file}:${run.position + nth}`;
  });
}

const ranges = shapes.chain((shape) =>
  fc
    .tuple(fc.nat(shape.length), fc.nat(shape.length))
    .map(([a, b]) => ({ shape, from: Math.min(a, b), length: Math.abs(a - b) })),
);

describe("file layout", () => {
  it("places every byte where a byte-by-byte walk places it", () => {
    fc.assert(
      fc.property(ranges, ({ shape, from, length }) => {
        const runs = new FileLayout(shape.files, shape.selected).runs(from, length);
        const expected = Array.from({ length }, (_, nth) => placeOf(shape, from + nth));
        expect(runs.flatMap(placesOf)).toEqual(expected);
        let at = 0;
        for (const run of runs) {
          expect(run.at).toBe(at);
          expect(run.length).toBeGreaterThan(0);
          at += run.length;
        }
      }),
    );
  });

  it("names exactly the files that a range touches", () => {
    fc.assert(
      fc.property(ranges, ({ shape, from, length }) => {
        const layout = new FileLayout(shape.files, shape.selected);
        const expected = new Set<number>();
        for (let byte = from; byte < from + length; byte++) {
          const place = placeOf(shape, byte);
          if (place.startsWith("unwanted")) expected.add(UNWANTED_FILE);
          else if (place !== "padding") expected.add(Number(place.split(":")[0]));
        }
        expect(new Set(layout.touched(from, length))).toEqual(expected);
        const hasStored = [...expected].some((file) => file !== UNWANTED_FILE);
        expect(layout.isWanted(from, length)).toBe(shape.selected === undefined || hasStored);
      }),
    );
  });

  it("refuses a range beyond the share", () => {
    const layout = new FileLayout([{ path: ["a"], length: 10, offset: 0, padding: false }]);
    expect(() => layout.runs(5, 6)).toThrow(RangeError);
  });

  it("finds its way in files beyond 2^32 bytes", () => {
    const big = 2 ** 40;
    const layout = new FileLayout([
      { path: ["a"], length: big, offset: 0, padding: false },
      { path: ["b"], length: 10, offset: big, padding: false },
    ]);
    expect(layout.runs(big - 3, 5)).toEqual([
      { kind: "file", file: 0, position: big - 3, at: 0, length: 3 },
      { kind: "file", file: 1, position: 0, at: 3, length: 2 },
    ]);
  });
});
