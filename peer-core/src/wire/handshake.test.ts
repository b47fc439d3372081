import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8Encode } from "../base/bytes.js";
import { infoHashFromBytes, peerIdFromBytes } from "../base/ids.js";
import { couldBeHandshake, decodeHandshake, encodeHandshake, HANDSHAKE_BYTES } from "./handshake.js";

const wireError = expect.objectContaining({ name: "ShoalError", code: "wire" }) as Error;
const twenty = fc.uint8Array({ minLength: 20, maxLength: 20 });

describe("the handshake", () => {
  it("comes back as it was encoded", () => {
    fc.assert(
      fc.property(twenty, twenty, fc.boolean(), fc.boolean(), (hash, id, supportsExtensions, supportsFast) => {
        const handshake = {
          infoHash: infoHashFromBytes(hash),
          peerId: peerIdFromBytes(id),
          supportsExtensions,
          supportsFast,
        };
        const bytes = encodeHandshake(handshake);
        expect(bytes.length).toBe(HANDSHAKE_BYTES);
        expect(couldBeHandshake(bytes)).toBe(true);
        expect(decodeHandshake(bytes)).toEqual(handshake);
      }),
    );
  });

  it("sets the bits of BEP 10 and BEP 6 and no others", () => {
    const zeros = new Uint8Array(20);
    const bytes = encodeHandshake({
      infoHash: infoHashFromBytes(zeros),
      peerId: peerIdFromBytes(zeros),
      supportsExtensions: true,
      supportsFast: true,
    });
    expect([...bytes.subarray(20, 28)]).toEqual([0, 0, 0, 0, 0, 0x10, 0, 0x04]);
    expect(bytes.subarray(0, 20)).toEqual(new Uint8Array([19, ...utf8Encode("BitTorrent protocol")]));
  });

  it("is refused when it is short or another protocol's", () => {
    expect(() => decodeHandshake(new Uint8Array(67))).toThrow(wireError);
    expect(() => decodeHandshake(new Uint8Array(68))).toThrow(wireError);
  });
});
