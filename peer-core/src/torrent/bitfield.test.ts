import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Bitfield } from "./bitfield.js";

const wireError = expect.objectContaining({ name: "ShoalError", code: "wire" }) as Error;

describe("Bitfield", () => {
  it("behaves as a set of numbers under any sequence of changes", () => {
    const change = fc.tuple(fc.constantFrom("set", "clear"), fc.nat());
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.array(change, { maxLength: 100 }), (size, changes) => {
        const field = new Bitfield(size);
        const model = new Set<number>();
        for (const [action, at] of changes) {
          const index = at % size;
          const expected = action === "set" ? !model.has(index) : model.has(index);
          expect(action === "set" ? field.set(index) : field.clear(index)).toBe(expected);
          if (action === "set") model.add(index);
          else model.delete(index);
        }
        expect([...field.indexes()]).toEqual([...model].sort((a, b) => a - b));
        expect([field.count, field.isFull, field.isEmpty]).toEqual([model.size, model.size === size, model.size === 0]);
        for (let i = 0; i < size; i++) expect(field.has(i)).toBe(model.has(i));
        expect([...Bitfield.fromWire(field.toWire(), size).indexes()]).toEqual([...field.indexes()]);
      }),
    );
  });

  it("puts the lowest index into the highest bit", () => {
    const field = new Bitfield(10);
    field.set(0);
    field.set(9);
    expect(field.toWire()).toEqual(Uint8Array.of(0x80, 0x40));
  });

  it("has no spare bits when it is full, whatever the size", () => {
    for (let size = 0; size <= 33; size++) {
      const full = Bitfield.full(size);
      expect([full.count, full.isFull, [...full.indexes()].length]).toEqual([size, true, size]);
      expect(Bitfield.fromWire(full.toWire(), size).isFull).toBe(true);
    }
  });

  it("refuses every field of a wrong length or with a spare bit set", () => {
    expect(() => Bitfield.fromWire(Uint8Array.of(0, 0), 8)).toThrow(wireError);
    expect(() => Bitfield.fromWire(Uint8Array.of(), 1)).toThrow(wireError);
    expect(() => Bitfield.fromWire(Uint8Array.of(0), 0)).toThrow(wireError);
    for (let spare = 3; spare < 8; spare++) {
      expect(() => Bitfield.fromWire(Uint8Array.of(0x80 >>> spare), 3)).toThrow(wireError);
    }
    expect([...Bitfield.fromWire(Uint8Array.of(0x20), 3).indexes()]).toEqual([2]);
  });

  it("reads the bytes of a field exactly or throws a wire error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6 }), fc.integer({ min: 0, max: 50 }), (bytes, size) => {
        const bits = [...bytes].flatMap((byte) => Array.from(byte.toString(2).padStart(8, "0")));
        const isLegal = bytes.length === Math.ceil(size / 8) && !bits.slice(size).includes("1");
        if (!isLegal) expect(() => Bitfield.fromWire(bytes, size)).toThrow(wireError);
        else expect(Bitfield.fromWire(bytes, size).toWire()).toEqual(bytes);
      }),
    );
  });

  it("copies what it is given and what it gives", () => {
    const bytes = Uint8Array.of(0xff);
    const field = Bitfield.fromWire(bytes, 8);
    bytes[0] = 0;
    field.toWire()[0] = 0;
    const copy = field.clone();
    copy.clear(0);
    expect([field.count, copy.count]).toEqual([8, 7]);
  });

  it("combines with others as sets do, and counts right", () => {
    const size = 19;
    const flags = fc.uint8Array({ minLength: size, maxLength: size, max: 1 });
    fc.assert(
      fc.property(flags, flags, (a, b) => {
        const [one, other] = [Bitfield.fromFlags(a), Bitfield.fromFlags(b)];
        const combined = (act: (field: Bitfield) => void): Bitfield => {
          const field = one.clone();
          act(field);
          expect(field.count).toBe([...field.indexes()].length);
          return field;
        };
        const both = a.map((flag, at) => flag & (b[at] ?? 0));
        expect(
          combined((field) => field.unite(other)).equals(Bitfield.fromFlags(a.map((flag, at) => flag | (b[at] ?? 0)))),
        ).toBe(true);
        expect(combined((field) => field.intersect(other)).equals(Bitfield.fromFlags(both))).toBe(true);
        expect(
          combined((field) => field.subtract(other)).equals(
            Bitfield.fromFlags(a.map((flag, at) => flag & ~(b[at] ?? 0))),
          ),
        ).toBe(true);
        expect(one.overlap(other)).toBe(Bitfield.fromFlags(both).count);
        expect(one.overlaps(other)).toBe(both.some((flag) => flag === 1));
      }),
    );
    expect(() => new Bitfield(8).unite(new Bitfield(9))).toThrow("Invariant");
  });

  it("is made from one flag a piece", () => {
    expect([...Bitfield.fromFlags(Uint8Array.of(0, 1, 0, 255)).indexes()]).toEqual([1, 3]);
  });

  it("holds nothing outside its size and takes a change there for a bug", () => {
    const field = Bitfield.full(9);
    for (const index of [-1, 9, 15, 16, 1e9, NaN, 2 ** 32]) expect(field.has(index)).toBe(false);
    for (const index of [-1, 9, 15, 0.5, NaN]) {
      expect(() => field.set(index)).toThrow("Invariant");
      expect(() => field.clear(index)).toThrow("Invariant");
    }
    expect([field.count, field.isFull]).toEqual([9, true]);
  });
});
