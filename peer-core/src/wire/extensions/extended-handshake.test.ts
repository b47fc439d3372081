import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, utf8Encode } from "../../base/bytes.js";
import { isShoalError } from "../../base/errors.js";
import { MAX_METADATA_BYTES } from "../limits.js";
import { decodeExtendedHandshake, encodeExtendedHandshake, type ExtendedHandshake } from "./extended-handshake.js";

const wireError = expect.objectContaining({ name: "ShoalError", code: "wire" }) as Error;
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const anyHandshake: fc.Arbitrary<ExtendedHandshake> = fc.record({
  extensions: fc.record(
    { ut_metadata: fc.integer({ min: 0, max: 255 }), lt_donthave: fc.integer({ min: 0, max: 255 }) },
    { requiredKeys: [] },
  ),
  client: optional(fc.string({ maxLength: 64 })),
  listenPort: optional(fc.integer({ min: 1, max: 65_535 })),
  requestQueue: optional(fc.integer({ min: 1, max: 1_000_000 })),
  metadataSize: optional(fc.integer({ min: 1, max: MAX_METADATA_BYTES })),
  uploadOnly: optional(fc.boolean()),
  blockMax: optional(fc.integer({ min: 16_384, max: 2 ** 31 })),
  isRelay: optional(fc.constant(true)),
  endpoint: optional(fc.webUrl({ size: "small" }).filter((url) => url.length <= 500)),
});

function decodeText(text: string): ExtendedHandshake {
  return decodeExtendedHandshake(utf8Encode(text));
}

describe("the extended handshake", () => {
  it("comes back as it was encoded", () => {
    fc.assert(
      fc.property(anyHandshake, (handshake) => {
        expect(decodeExtendedHandshake(encodeExtendedHandshake(handshake))).toEqual(handshake);
      }),
    );
  });

  it("throws nothing but wire errors, whatever comes", () => {
    const mutated = fc.tuple(anyHandshake, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([handshake, at, value]) => {
      const bytes = encodeExtendedHandshake(handshake);
      bytes[at % bytes.length] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (bytes) => {
        try {
          decodeExtendedHandshake(bytes);
        } catch (error) {
          if (!isShoalError(error, "wire")) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each(["", "i1e", "le", "d1:mi1e", "4:spam"])("refuses %j, which is no dictionary", (text) => {
    expect(() => decodeText(text)).toThrow(wireError);
  });

  it("takes fields of a wrong type or range for absent", () => {
    const told = decodeText(
      "d9:block_maxi1e1:m4:none13:metadata_sizei-1e1:pi70000e4:reqqi0e11:upload_only3:yes1:vi3ee",
    );
    expect(told).toEqual({
      extensions: {},
      client: undefined,
      listenPort: undefined,
      requestQueue: undefined,
      metadataSize: undefined,
      uploadOnly: undefined,
      blockMax: undefined,
      endpoint: undefined,
    });
  });

  it("does not mind keys out of order, keys of others, or bytes behind the dictionary", () => {
    const told = decodeText("d4:reqqi9e1:ei1e12:complete_agoi-1e6:yourip4:abcd1:vli1eee and more");
    expect(told).toMatchObject({ requestQueue: 9, client: undefined });
  });

  it("ignores extensions that it does not know, and ids beyond a byte", () => {
    const told = decodeText("d1:md11:lt_donthavei256e9:__proto__i1e12:ut_holepunchi9e11:ut_metadatai3eee");
    expect(told.extensions).toEqual({ ut_metadata: 3 });
  });

  it("cuts a client's name at 64 characters and does without an endpoint of more than 512 bytes", () => {
    const name = "x".repeat(100);
    const long = "y".repeat(600);
    const told = decodeExtendedHandshake(
      concatBytes([utf8Encode("d8:endpoint600:"), utf8Encode(long), utf8Encode("1:v100:"), utf8Encode(`${name}e`)]),
    );
    expect(told.client).toBe("x".repeat(64));
    expect(told.endpoint).toBeUndefined();
  });
});
