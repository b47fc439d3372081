import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_BYTES, fromHex } from "../base/bytes.js";
import { isShoalError } from "../base/errors.js";
import { infoHashFromBytes } from "../base/ids.js";
import { formatMagnet, parseMagnet } from "./magnet.js";
import type { ShareLink } from "./share-link.js";

const HEX = "0123456789abcdef0123456789abcdef01234567";
const HASH = infoHashFromBytes(fromHex(HEX) ?? EMPTY_BYTES);
const PLAIN: ShareLink = { infoHash: HASH, trackers: [], endpoints: [], webSeeds: [] };
const xt = `magnet:?xt=urn:btih:${HEX}`;
const badLink = expect.objectContaining({ name: "ShoalError", code: "link" }) as Error;

describe("parseMagnet", () => {
  it("reads the info-hash in hexadecimal or base32, in either case", () => {
    expect(parseMagnet(xt)).toEqual({ ...PLAIN, name: undefined, select: undefined });
    expect(parseMagnet(`MAGNET:?xt=URN:BTIH:${HEX.toUpperCase()}`).infoHash).toBe(HEX);
    expect(parseMagnet("magnet:?xt=urn:btih:AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH").infoHash).toBe(HEX);
  });

  it("reads names, trackers, endpoints, web seeds and chosen files", () => {
    const hints = "&dn=a+b%20%C3%A9&tr=udp%3A%2F%2Ft%3A1&tr=wss://t/announce&ws=http://w/f&so=0,4-6,2";
    const peers = "&x.pe=10.0.0.1:6881&x.pe=[2001:db8::1]:6881&x.ep=wss%3A%2F%2Fh%2Fpeer";
    expect(parseMagnet(`  ${xt}${hints}${peers}\n`)).toEqual({
      infoHash: HASH,
      name: "a b é",
      trackers: ["udp://t:1", "wss://t/announce"],
      endpoints: ["wss://h/peer", "tcp://10.0.0.1:6881", "tcp://[2001:db8::1]:6881"],
      webSeeds: ["http://w/f"],
      select: [0, 2, 4, 5, 6],
    });
  });

  it("finds the v1 topic of a hybrid", () => {
    const v2 = `urn:btmh:1220${"a".repeat(64)}`;
    expect(parseMagnet(`magnet:?xt=${v2}&xt=urn:btih:${HEX}`).infoHash).toBe(HEX);
    expect(parseMagnet(`magnet:?xt.1=${v2}&xt.2=urn:btih:${HEX}`).infoHash).toBe(HEX);
  });

  it("drops URLs nobody should open, twice the same, and peers that are no address", () => {
    const trackers = ["javascript:alert(1)", "ws://u:p@h/", "ws://h/", "ws://h", "file:///x", "http://", "ws://[::1"];
    const peers = ["h", "h:0", "h:65536", "h:80/x", "u@h:80", "[::g]:80", ":80", "h:80", "h:8%30"];
    const link = parseMagnet(
      `${xt}&${[...trackers.map((t) => `tr=${t}`), ...peers.map((p) => `x.pe=${p}`)].join("&")}`,
    );
    expect([link.trackers, link.endpoints]).toEqual([["ws://h/"], ["tcp://h:80"]]);
    expect(parseMagnet(`${xt}&x.ep=http://h/&x.ep=/peer&x.ep=ws://u@h/&x.ep=tcp://h/`).endpoints).toEqual([]);
  });

  it("keeps at most 32 trackers and 64 endpoints, and no name above 255 bytes", () => {
    const many = (key: string) => Array.from({ length: 100 }, (_, i) => `&${key}=ws://h${i}/`).join("");
    const link = parseMagnet(`${xt}${many("tr")}${many("x.ep")}&dn=${"é".repeat(128)}`);
    expect([link.trackers.length, link.endpoints.length, link.name]).toEqual([32, 64, undefined]);
  });

  it.each([
    ["nothing", ""],
    ["another scheme", `http://h/?xt=urn:btih:${HEX}`],
    ["no topic", "magnet:?dn=a"],
    ["a topic of v2 alone", `magnet:?xt=urn:btmh:1220${"a".repeat(64)}`],
    ["an info-hash that is too short", "magnet:?xt=urn:btih:0123"],
    ["more than 16 KiB", `${xt}&dn=${"a".repeat(16 * 1024)}`],
    ["a selection of no numbers", `${xt}&so=a`],
    ["a selection that runs backwards", `${xt}&so=5-3`],
    ["a selection beyond the most files", `${xt}&so=0-100000`],
    ["a selection that repeats itself a thousand times", `${xt}&so=${Array(1000).fill("0-99999").join(",")}`],
  ])("refuses %s", (_, text) => {
    expect(() => parseMagnet(text)).toThrow(badLink);
  });

  it("throws nothing but its own error, whatever stands in the link", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "&xt=urn:btih:",
        HEX,
        "&tr=",
        "&x.pe=",
        "&x.ep=",
        "&so=",
        "&ws=",
        "ws://",
        "tcp://",
        "%",
        "%ff",
        "[",
        ":80",
      ),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          const link = parseMagnet(`magnet:?${pieces.join("")}`);
          expect(parseMagnet(formatMagnet(link))).toEqual(link);
        } catch (error) {
          if (!isShoalError(error, "link")) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("formatMagnet", () => {
  it("writes what parses to the same link", () => {
    const host = fc.constantFrom("h", "example.org", "10.0.0.1", "[2001:db8::1]");
    const port = fc.integer({ min: 1, max: 65_535 });
    const web = (scheme: string) => fc.tuple(host, port).map(([h, p]) => new URL(`${scheme}://${h}:${p}/x`).href);
    const tcp = fc.tuple(host, port).map(([h, p]) => `tcp://${h}:${p}`);
    const some = <T>(one: fc.Arbitrary<T>) => fc.uniqueArray(one, { maxLength: 5 });
    const links = fc.record({
      infoHash: fc.constant(HASH),
      name: fc.option(fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }), { nil: undefined }),
      trackers: some(fc.oneof(web("ws"), web("https"), web("udp"))),
      endpoints: fc.tuple(some(web("wss")), some(tcp)).map((lists) => lists.flat()),
      webSeeds: some(web("http")),
      select: fc.option(
        fc.uniqueArray(fc.nat({ max: 99_999 }), { minLength: 1 }).map((list) => list.sort((a, b) => a - b)),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(links, (link) => {
        expect(parseMagnet(formatMagnet(link))).toEqual(link);
      }),
    );
  });

  it("writes ranges of files and TCP peers as other clients read them", () => {
    const link = { ...PLAIN, endpoints: ["tcp://10.0.0.1:80", "ws://h/"], select: [3, 1, 2, 2, 9] };
    expect(formatMagnet(link)).toBe(`${xt}&x.pe=10.0.0.1%3A80&x.ep=ws%3A%2F%2Fh%2F&so=1-3,9`);
  });

  it("writes names that are not valid Unicode without failing", () => {
    expect(formatMagnet({ ...PLAIN, name: "a\ud800&b" })).toBe(`${xt}&dn=a%EF%BF%BD%26b`);
  });
});
