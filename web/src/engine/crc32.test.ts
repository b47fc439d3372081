import fc from "fast-check";
import { utf8Encode } from "@shoal/peer-core/torrent";
import { expect, it } from "vitest";
import { crc32 } from "./crc32.js";

it("gives the check value of CRC-32/ISO-HDLC", () => {
  expect(crc32(utf8Encode("123456789"))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array(0))).toBe(0);
});

it("gives the same for bytes that come in parts, cut anywhere", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
      expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(crc32(bytes));
    }),
  );
});

it("agrees with the bit-by-bit definition", () => {
  const slow = (bytes: Uint8Array): number => {
    let crc = 0xffffffff;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
    return ~crc >>> 0;
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => crc32(bytes) === slow(bytes)));
});
