import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toBinaryString, utf8Decode, utf8Encode } from "../base/bytes.js";
import { isShoalError } from "../base/errors.js";
import {
  MAX_BENCODE_DEPTH,
  MAX_BENCODE_ITEMS,
  bytesOf,
  decodeBencode,
  decodeBencodePrefix,
  dictFrom,
  dictOf,
  encodeBencode,
  intOf,
  listOf,
  rawValueOf,
  textOf,
} from "./bencode.js";
import type { BencodeValue } from "./bencode.js";

const decodeText = (text: string) => decodeBencode(utf8Encode(text));
const encodeText = (value: Parameters<typeof encodeBencode>[0]) => utf8Decode(encodeBencode(value));

function expectRefusal(bytes: Uint8Array): void {
  expect(() => decodeBencode(bytes)).toThrow(expect.objectContaining({ name: "ShoalError", code: "bencode" }));
}

const binaryKey = fc.uint8Array({ maxLength: 8 }).map(toBinaryString);
const { value: anyValue } = fc.letrec<{ value: BencodeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.maxSafeInteger(),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie("value"), { maxLength: 5 }),
    fc
      .uniqueArray(fc.tuple(binaryKey, tie("value")), { maxLength: 5, selector: ([key]) => key })
      .map((e) => new Map(e)),
  ),
}));

describe("encodeBencode", () => {
  it("writes integers, text as UTF-8, lists and dictionaries sorted by the bytes of their keys", () => {
    const dict = dictFrom({ "\u00ff": [1, -2], b: "é", a: 0, absent: undefined });
    expect(toBinaryString(encodeBencode(dict))).toBe("d1:ai0e1:b2:\u00c3\u00a91:\u00ffli1ei-2eee");
    expect(encodeText([])).toBe("le");
    expect(encodeText(new Map())).toBe("de");
    expect(encodeText("")).toBe("0:");
  });

  it("refuses numbers that are not safe integers and keys that are not bytes", () => {
    for (const value of [0.5, NaN, Infinity, 2 ** 53, -(2 ** 53), new Map([["\u0100", 1]])]) {
      expect(() => encodeBencode(value)).toThrow(expect.objectContaining({ code: "bencode" }));
    }
  });
});

describe("decodeBencode", () => {
  it("returns what was encoded, whatever the value", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(decodeBencode(encodeBencode(value))).toEqual(value);
      }),
    );
  });

  it("reads the edges of safe integers", () => {
    expect(decodeText("i9007199254740991e")).toBe(Number.MAX_SAFE_INTEGER);
    expect(decodeText("i-9007199254740991e")).toBe(Number.MIN_SAFE_INTEGER);
    expect(decodeText("i0e")).toBe(0);
  });

  it("accepts unsorted keys", () => {
    expect([...(dictOf(decodeText("d1:bi1e1:ai2ee")) ?? [])]).toEqual([
      ["b", 1],
      ["a", 2],
    ]);
  });

  it("keeps keys such as __proto__ as plain keys", () => {
    expect(intOf(dictOf(decodeText("d9:__proto__i1ee")) ?? new Map(), "__proto__")).toBe(1);
  });

  it.each([
    ["nothing", ""],
    ["bytes after the value", "i1ei2e"],
    ["a leading zero", "i01e"],
    ["a double zero", "i00e"],
    ["negative zero", "i-0e"],
    ["a negative leading zero", "i-01e"],
    ["a plus sign", "i+1e"],
    ["an empty integer", "ie"],
    ["a lone minus", "i-e"],
    ["a fraction", "i1.5e"],
    ["a space", "i 1e"],
    ["an integer beyond 2^53 - 1", "i9007199254740992e"],
    ["an integer of many digits", `i${"9".repeat(400)}e`],
    ["a string length with a leading zero", "01:a"],
    ["a string of length 00", "00:"],
    ["a negative string length", "-1:a"],
    ["a string longer than the input", "5:abcd"],
    ["a string length of gigabytes", "9999999999:a"],
    ["a string without a colon", "4"],
    ["a list that does not end", "l"],
    ["a dictionary that does not end", "d1:ai1e"],
    ["an end without a beginning", "e"],
    ["a key without a value", "d1:ae"],
    ["an integer as a key", "di1ei2ee"],
    ["a list as a key", "dlei1ee"],
    ["a duplicate key", "d1:ai1e1:ai1ee"],
    ["a key of a megabyte", `d1000000:${"a".repeat(1_000_000)}i1ee`],
    ["an unknown type", "x"],
  ])("refuses %s", (_, text) => {
    expectRefusal(utf8Encode(text));
  });

  it("takes 32 containers in each other, not 33, and does not mind a million", () => {
    const nested = (depth: number) => utf8Encode("l".repeat(depth) + "e".repeat(depth));
    expect(decodeBencode(nested(MAX_BENCODE_DEPTH))).toBeDefined();
    expectRefusal(nested(MAX_BENCODE_DEPTH + 1));
    expectRefusal(nested(1_000_000));
  });

  it("takes 2^21 values, not one more", () => {
    const strings = (count: number) => utf8Encode(`l${"0:".repeat(count)}e`);
    expect(decodeBencode(strings(MAX_BENCODE_ITEMS - 1))).toHaveLength(MAX_BENCODE_ITEMS - 1);
    expectRefusal(strings(MAX_BENCODE_ITEMS));
  });

  it("refuses every proper beginning of a value", () => {
    fc.assert(
      fc.property(anyValue, fc.nat(), (value, cut) => {
        const bytes = encodeBencode(value);
        expectRefusal(bytes.subarray(0, cut % bytes.length));
      }),
    );
  });

  it("throws nothing but its own error for bytes that were changed", () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(anyValue, fc.array(change, { minLength: 1, maxLength: 4 }), (value, changes) => {
        const bytes = encodeBencode(value);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        try {
          // What is still accepted must be canonical but for the order of keys, so nothing is lost by encoding it again.
          expect(encodeBencode(decodeBencode(bytes))).toHaveLength(bytes.length);
        } catch (error) {
          if (!isShoalError(error, "bencode")) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  it("throws nothing but its own error for random bytes", () => {
    const noise = fc
      .array(fc.constantFrom(...Array.from("ilde:-0123456789ax")))
      .map((letters) => utf8Encode(letters.join("")));
    fc.assert(
      fc.property(noise, (bytes) => {
        try {
          decodeBencode(bytes);
        } catch (error) {
          if (!isShoalError(error, "bencode")) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("decodeBencodePrefix", () => {
  it("tells where the value ends, whatever follows", () => {
    fc.assert(
      fc.property(anyValue, fc.uint8Array(), (value, rest) => {
        const bytes = encodeBencode(value);
        const joined = new Uint8Array([...bytes, ...rest]);
        expect(decodeBencodePrefix(joined)).toEqual({ value, end: bytes.length });
      }),
    );
  });
});

describe("rawValueOf", () => {
  it("returns the exact bytes of a value, unsorted keys included", () => {
    const bytes = utf8Encode("d1:x4:info4:infod1:bi1e1:ai2ee1:yd4:infoi9eee");
    expect(utf8Decode(rawValueOf(bytes, "info") ?? new Uint8Array())).toBe("d1:bi1e1:ai2ee");
    expect(utf8Decode(rawValueOf(bytes, "x") ?? new Uint8Array())).toBe("4:info");
  });

  it("finds keys of the top level only", () => {
    expect(rawValueOf(utf8Encode("d1:yd4:infoi9eee"), "info")).toBeUndefined();
    expect(rawValueOf(utf8Encode("l4:infoi9ee"), "info")).toBeUndefined();
    expect(rawValueOf(utf8Encode("i1e"), "info")).toBeUndefined();
  });

  it("agrees with encoding the decoded value", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom("a", "info", "z"), anyValue), (record) => {
        const bytes = encodeBencode(new Map(Object.entries(record)));
        const info = record.info;
        expect(rawValueOf(bytes, "info")).toEqual(info === undefined ? undefined : encodeBencode(info));
      }),
    );
  });
});

describe("pickers", () => {
  const dict = dictOf(decodeText("d1:ii7e1:lli1ee1:t2:hi1:ddee")) ?? new Map<string, BencodeValue>();

  it("return values of the type asked for", () => {
    expect(intOf(dict, "i")).toBe(7);
    expect(listOf(dict, "l")).toEqual([1]);
    expect(textOf(dict, "t")).toBe("hi");
    expect(bytesOf(dict, "t")).toEqual(utf8Encode("hi"));
    expect(dictOf(dict.get("d"))).toEqual(new Map());
  });

  it("return undefined for what is absent or of another type", () => {
    expect([intOf(dict, "t"), intOf(dict, "?")]).toEqual([undefined, undefined]);
    expect([
      listOf(dict, "i"),
      textOf(dict, "i"),
      bytesOf(dict, "l"),
      dictOf(dict.get("i")),
      dictOf(undefined),
    ]).toEqual(Array(5).fill(undefined));
  });

  it("return undefined for text that is not UTF-8", () => {
    expect(textOf(new Map([["t", Uint8Array.of(0xff)]]), "t")).toBeUndefined();
  });
});
