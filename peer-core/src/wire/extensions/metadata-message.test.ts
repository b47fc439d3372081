import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, equalBytes, utf8Encode } from "../../base/bytes.js";
import { isShoalError } from "../../base/errors.js";
import { METADATA_PART_BYTES } from "../limits.js";
import { decodeMetadataMessage, encodeMetadataMessage, type MetadataMessage } from "./metadata-message.js";

const wireError = expect.objectContaining({ name: "ShoalError", code: "wire" }) as Error;
const part = fc.nat({ max: 2_048 });
const anyMessage: fc.Arbitrary<MetadataMessage> = fc.oneof(
  fc.record({ type: fc.constantFrom("request", "reject"), part }),
  fc.record({
    type: fc.constant("data"),
    part,
    totalSize: fc.nat(),
    data: fc.uint8Array({ maxLength: 200 }),
  }),
);

describe("a metadata message", () => {
  it("comes back as it was encoded", () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(decodeMetadataMessage(encodeMetadataMessage(message))).toEqual(message);
      }),
    );
  });

  it("throws nothing but wire errors, whatever comes", () => {
    const mutated = fc.tuple(anyMessage, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([message, at, value]) => {
      const bytes = encodeMetadataMessage(message);
      bytes[at % bytes.length] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), mutated), (bytes) => {
        try {
          decodeMetadataMessage(bytes);
        } catch (error) {
          if (!isShoalError(error, "wire")) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  it("carries a part of 16 KiB and refuses a longer one", () => {
    const data = new Uint8Array(METADATA_PART_BYTES).fill(7);
    const decoded = decodeMetadataMessage(encodeMetadataMessage({ type: "data", part: 0, totalSize: 20_000, data }));
    expect(decoded?.type === "data" && equalBytes(decoded.data, data)).toBe(true);
    const longer = concatBytes([utf8Encode("d8:msg_typei1e5:piecei0ee"), new Uint8Array(METADATA_PART_BYTES + 1)]);
    expect(() => decodeMetadataMessage(longer)).toThrow(wireError);
  });

  it("leaves types that BEP 9 does not know alone", () => {
    expect(decodeMetadataMessage(utf8Encode("d8:msg_typei9e5:piecei0ee"))).toBeUndefined();
    expect(decodeMetadataMessage(utf8Encode("d8:msg_typei3ee"))).toBeUndefined();
  });

  it.each(["", "le", "d8:msg_typei0ee", "d8:msg_typei0e5:piecei-1ee"])("refuses %j, which names no part", (text) => {
    expect(() => decodeMetadataMessage(utf8Encode(text))).toThrow(wireError);
  });
});
