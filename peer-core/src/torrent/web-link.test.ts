import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_BYTES, fromHex } from "../base/bytes.js";
import { isShoalError } from "../base/errors.js";
import { infoHashFromBytes } from "../base/ids.js";
import type { ShareLink } from "./share-link.js";
import { formatWebLink, parseWebLink } from "./web-link.js";

const HEX = "0123456789abcdef0123456789abcdef01234567";
const HASH = infoHashFromBytes(fromHex(HEX) ?? EMPTY_BYTES);
const PLAIN: ShareLink = { infoHash: HASH, trackers: [], endpoints: [], webSeeds: [] };
const badLink = expect.objectContaining({ name: "ShoalError", code: "link" }) as Error;

describe("parseWebLink", () => {
  it("reads the share and the page, at any sub-path and port", () => {
    for (const hub of ["https://shoal.example/", "http://10.0.0.1:8000/", "https://h/a/b/", "http://[::1]:8000/"]) {
      expect(parseWebLink(` ${hub}#/s/${HEX.toUpperCase()} `)).toEqual({ ...PLAIN, select: undefined, hub });
    }
  });

  it("reads hints of trackers, endpoints and files from the fragment alone", () => {
    const link = parseWebLink(
      `https://h/?tr=ws://no/#/s/${HEX}?tr=wss%3A%2F%2Ft%2F&ep=tcp://h:1&ep=ws%3A%2F%2Fe%2F&so=1-2`,
    );
    expect(link).toMatchObject({ trackers: ["wss://t/"], endpoints: ["tcp://h:1", "ws://e/"], select: [1, 2] });
    expect(link.hub).toBe("https://h/");
  });

  it("says that private links are not supported yet", () => {
    expect(() => parseWebLink(`https://h/#/s/${HEX}/c2VjcmV0`)).toThrow(/private links are not supported yet/i);
    expect(() => parseWebLink(`https://h/#/s/${HEX}/c2VjcmV0?tr=ws://t/`)).toThrow(badLink);
    expect(parseWebLink(`https://h/#/s/${HEX}/`).infoHash).toBe(HEX);
  });

  it.each([
    ["another scheme", `ftp://h/#/s/${HEX}`],
    ["no scheme", `h/#/s/${HEX}`],
    ["credentials", `https://me:secret@h/#/s/${HEX}`],
    ["no fragment", "https://h/"],
    ["another page", `https://h/#/x/${HEX}`],
    ["a cut info-hash", `https://h/#/s/${HEX.slice(1)}`],
    ["no info-hash", "https://h/#/s/"],
    ["more than 16 KiB", `https://h/#/s/${HEX}?${"a".repeat(16 * 1024)}`],
  ])("refuses %s", (_, text) => {
    expect(() => parseWebLink(text)).toThrow(badLink);
  });

  it("throws nothing but its own error, whatever stands in the link", () => {
    const piece = fc.oneof(
      fc.constantFrom("https://", "h", "/", "#/s/", HEX, "?", "&tr=", "&ep=", "&so=", "ws://t/", "%", "%zz", "@", ":"),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, begin) => {
        const text = (begin ? `https://h/#/s/${HEX}` : "") + pieces.join("");
        try {
          const link = parseWebLink(text);
          expect(parseWebLink(formatWebLink(link.hub ?? "", link))).toEqual(link);
        } catch (error) {
          if (!isShoalError(error, "link")) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("formatWebLink", () => {
  it("is short where there are no hints", () => {
    expect(formatWebLink("https://h/sub/?q=1#/old", { ...PLAIN, name: "a" })).toBe(`https://h/sub/#/s/${HEX}`);
    expect(formatWebLink("https://h", PLAIN)).toBe(`https://h/#/s/${HEX}`);
  });

  it("writes hints that parse back", () => {
    const link = { ...PLAIN, trackers: ["wss://t/a?b=c&d=e"], endpoints: ["tcp://10.0.0.1:80"], select: [0, 5, 6] };
    expect(parseWebLink(formatWebLink("https://h/", link))).toEqual({ ...link, hub: "https://h/" });
  });

  it("refuses a page that is none", () => {
    expect(() => formatWebLink("file:///x", PLAIN)).toThrow(badLink);
  });
});
