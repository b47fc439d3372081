import { describe, expect, it } from "vitest";
import { parseShareLink } from "./parse-share-link.js";

const HEX = "0123456789abcdef0123456789abcdef01234567";

describe("parseShareLink", () => {
  it.each([
    ["a bare info-hash", HEX],
    ["an info-hash in capitals between spaces", `  ${HEX.toUpperCase()}\n`],
    ["a base32 info-hash", "AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH"],
    ["a magnet link", `magnet:?xt=urn:btih:${HEX}`],
    ["a web link", `https://h/#/s/${HEX}`],
    ["a web link with a capital scheme", `HTTP://h/#/s/${HEX}`],
  ])("reads %s", (_, text) => {
    expect(parseShareLink(text)).toMatchObject({ infoHash: HEX, trackers: [], endpoints: [] });
  });

  it.each(["", "a", "C:\\file.torrent", "/tmp/file.torrent", "ftp://h/#/s/x", `${HEX}0`, "magnet:", "https:"])(
    "says what it expected instead of %j",
    (text) => {
      expect(() => parseShareLink(text)).toThrow(expect.objectContaining({ code: "link" }) as Error);
      expect(() => parseShareLink(text)).toThrow(/^Expected /);
    },
  );
});
