import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, utf8Encode } from "../../base/bytes.js";
import { isShoalError } from "../../base/errors.js";
import { decodeBencode, dictOf, encodeBencode, type BencodeInput } from "../../torrent/bencode.js";
import { decodePexMessage, encodePexMessage, type PexPeer } from "./pex-message.js";

const wireError = expect.objectContaining({ name: "ShoalError", code: "wire" }) as Error;

function peer(endpoint: string, told: Partial<PexPeer> = {}): PexPeer {
  return { endpoint, isSeed: false, isReachable: false, ...told };
}

function decoded(fields: Readonly<Record<string, BencodeInput>>): readonly string[] {
  const { added } = decodePexMessage(encodeBencode(new Map(Object.entries(fields))));
  return added.map(({ endpoint }) => endpoint);
}

const anyPeer: fc.Arbitrary<PexPeer> = fc.record({
  endpoint: fc.oneof(
    fc
      .tuple(fc.integer({ min: 1, max: 223 }), fc.nat(255), fc.integer({ min: 1, max: 65_535 }))
      .map(([first, last, port]) => `tcp://${first}.0.2.${last}:${port}`),
    fc
      .tuple(fc.nat(0xffff), fc.integer({ min: 1, max: 65_535 }))
      .map(([last, port]) => new URL(`tcp://[2001:db8::${last.toString(16)}]:${port}`).href),
    fc.constantFrom("ws://192.0.2.1:7001/peer", "wss://hub.example/sub/peer", "ws://[2001:db8::1]:7/peer"),
  ),
  isSeed: fc.boolean(),
  isReachable: fc.boolean(),
});

describe("a peer exchange message", () => {
  it("comes back as it was encoded, in some order", () => {
    fc.assert(
      fc.property(fc.array(anyPeer, { maxLength: 50 }), (added) => {
        const back = decodePexMessage(encodePexMessage({ added, dropped: [] })).added;
        expect(back).toHaveLength(added.length);
        expect(back).toEqual(expect.arrayContaining(added));
      }),
    );
  });

  it("has the keys and the bytes of BEP 11", () => {
    const added = [peer("tcp://192.0.2.7:258", { isSeed: true, isReachable: true }), peer("tcp://[2001:db8::1]:1")];
    const dict = dictOf(decodeBencode(encodePexMessage({ added, dropped: ["tcp://192.0.2.8:2"] })));
    expect(dict?.get("added")).toEqual(Uint8Array.of(192, 0, 2, 7, 1, 2));
    expect(dict?.get("added.f")).toEqual(Uint8Array.of(0x12));
    expect(dict?.get("added6")).toEqual(Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1));
    expect(dict?.get("added6.f")).toEqual(Uint8Array.of(0));
    expect(dict?.get("dropped")).toEqual(Uint8Array.of(192, 0, 2, 8, 0, 2));
    expect(dict?.has("added_ws")).toBe(false);
  });

  it("needs neither flags, nor order, nor keys that it knows, nor an end", () => {
    const bytes = concatBytes([
      utf8Encode("d5:added7:"),
      Uint8Array.of(192, 0, 2, 7, 1, 2, 99),
      utf8Encode("1:ai1ee…"),
    ]);
    expect(decodePexMessage(bytes).added).toEqual([peer("tcp://192.0.2.7:258")]);
    expect(decoded({ added: 1, added6: "short", added_ws: "text", dropped: [1] })).toEqual([]);
    expect(decoded({})).toEqual([]);
  });

  it("leaves out what nobody can listen at", () => {
    const useless = [
      [0, 0, 0, 0, 1, 1],
      [224, 0, 0, 1, 1, 1],
      [255, 255, 255, 255, 1, 1],
      [192, 0, 2, 7, 0, 0],
    ];
    expect(decoded({ added: Uint8Array.from(useless.flat()) })).toEqual([]);
    const multicast = [0xff, 2, ...new Array<number>(13).fill(0), 1, 0, 80];
    expect(decoded({ added6: Uint8Array.from([...new Array<number>(16).fill(0), 0, 80, ...multicast]) })).toEqual([]);
  });

  it.each([
    "http://192.0.2.1/peer",
    "ws://192.0.2.1/admin?delete=all",
    "ws://192.0.2.1/peer?delete=all",
    "ws://user@192.0.2.1/peer",
    "ws:///peer",
    "ws://a b/peer",
    `ws://${"a".repeat(512)}/peer`,
  ])("leaves out the URL %j, which no peer of ours would tell", (url) => {
    expect(decoded({ added_ws: [url, 1] })).toEqual([]);
  });

  it("is read up to 50 peers of all kinds together", () => {
    const urls = Array.from({ length: 30 }, (_, index) => `ws://192.0.2.1:${index + 1}/peer`);
    const added = Uint8Array.from(Array.from({ length: 100 }, (_, index) => [192, 0, 2, index, 1, 1]).flat());
    expect(decoded({ added_ws: urls, added })).toHaveLength(50);
  });

  it.each(["", "le", "i1e", "d5:added"])("refuses %j, which is no dictionary", (text) => {
    expect(() => decodePexMessage(utf8Encode(text))).toThrow(wireError);
  });

  it("throws nothing but wire errors, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(anyPeer, { maxLength: 3 }), fc.nat(), fc.nat(255), (added, at, value) => {
        const bytes = encodePexMessage({ added, dropped: [] });
        bytes[at % bytes.length] = value;
        try {
          for (const { endpoint } of decodePexMessage(bytes).added) expect(new URL(endpoint).hostname).not.toBe("");
        } catch (error) {
          if (!isShoalError(error, "wire")) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});
