import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMicrotaskHasher } from "../../testing/microtask-hasher.js";
import { concatBytes, utf8Decode, utf8Encode } from "../base/bytes.js";
import { isShoalError } from "../base/errors.js";
import { dictFrom, encodeBencode } from "./bencode.js";
import { encodeTorrentFile, parseTorrentFile } from "./torrent-file.js";
import { MAX_METAINFO_BYTES, parseInfo } from "./metainfo.js";

const hasher = createMicrotaskHasher();
const INFO = "d6:lengthi0e4:name1:a12:piece lengthi32768e6:pieces0:e";
const parseText = (text: string) => parseTorrentFile(utf8Encode(text), hasher);
const text = (value: string) => `${utf8Encode(value).length}:${value}`;
const withTrackers = (outer: string) => parseText(`d${outer}4:info${INFO}e`).then(({ trackers }) => trackers);

describe("parseTorrentFile", () => {
  it("finds the exact info bytes, wherever they stand", async () => {
    const { infoHash } = await parseInfo(utf8Encode(INFO), hasher);
    for (const outer of [`d4:info${INFO}e`, `d1:zle4:info${INFO}1:ad4:infoi1eee`]) {
      const { metainfo, trackers, webSeeds } = await parseText(outer);
      expect([metainfo.infoHash, utf8Decode(metainfo.infoBytes), trackers, webSeeds]).toEqual([infoHash, INFO, [], []]);
    }
  });

  it("reads tiers of trackers and drops URLs nobody should open", async () => {
    const bad = ["file:///etc/passwd", "javascript:alert(1)", "http://me:secret@h/a", "not a url", "ws://", "udp://"];
    const tiers = [["ws://a/announce", ...bad], bad, ["udp://b:1/announce", "https://c/announce"]];
    const list = tiers.map((tier) => `l${tier.map(text).join("")}e`).join("");
    expect(await withTrackers(`8:announce${text("wss://z/announce")}13:announce-listl${list}e`)).toEqual([
      ["wss://z/announce"],
      ["ws://a/announce"],
      ["udp://b:1/announce", "https://c/announce"],
    ]);
  });

  it("names a tracker once, in the tier of the list", async () => {
    const [a, b] = [text("ws://a/announce"), text("ws://b/announce")];
    const list = `13:announce-listll${b}el${a}${b}ee`;
    expect(await withTrackers(`8:announce${a}${list}`)).toEqual([["ws://b/announce"], ["ws://a/announce"]]);
  });

  it("keeps at most 64 trackers", async () => {
    const many = Array.from({ length: 100 }, (_, i) => text(`ws://h${i}/announce`));
    expect(await withTrackers(`13:announce-listl${many.map((url) => `l${url}e`).join("")}e`)).toHaveLength(64);
    expect((await withTrackers(`13:announce-listll${many.join("")}ee`)).flat()).toHaveLength(64);
  });

  it("ignores outer keys of other types", async () => {
    expect(await withTrackers("8:announcei1e13:announce-listi2e")).toEqual([]);
    expect(await withTrackers("13:announce-listli1el0:ed1:ai1eee")).toEqual([]);
    const notText = encodeBencode(dictFrom({ announce: Uint8Array.of(0xff) }));
    const bytes = concatBytes([notText.slice(0, -1), utf8Encode(`4:info${INFO}e`)]);
    expect((await parseTorrentFile(bytes, hasher)).trackers).toEqual([]);
  });

  it("reads web seeds as one text or a list", async () => {
    const seedsOf = (value: string) => parseText(`d4:info${INFO}8:url-list${value}e`).then(({ webSeeds }) => webSeeds);
    expect(await seedsOf(text("http://h/f"))).toEqual(["http://h/f"]);
    expect(await seedsOf(`l${text("https://h/f")}${text("ftp://h/f")}e`)).toEqual(["https://h/f"]);
    expect(await seedsOf("i1e")).toEqual([]);
  });

  it("refuses what has no info or is too large", async () => {
    const refusal = expect.objectContaining({ code: "metainfo" }) as Error;
    for (const outer of ["de", "le", "d8:announce1:ae", "d4:infoi1ee"]) {
      await expect(parseText(outer)).rejects.toEqual(refusal);
    }
    await expect(parseTorrentFile(new Uint8Array(MAX_METAINFO_BYTES + 1), hasher)).rejects.toEqual(refusal);
  });

  it("throws nothing but its own errors for changed or cut bytes", async () => {
    const original = utf8Encode(`d8:announce${text("ws://a/b")}13:announce-listll${text("ws://a/b")}ee4:info${INFO}e`);
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(), async (at, byte, length) => {
        const bytes = original.slice(0, length % 3 === 0 ? length % original.length : original.length);
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        try {
          await parseTorrentFile(bytes, hasher);
        } catch (error) {
          if (!isShoalError(error, "metainfo") && !isShoalError(error, "bencode")) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("encodeTorrentFile", () => {
  it("writes what parses to the same share and trackers", async () => {
    const metainfo = await parseInfo(utf8Encode(INFO), hasher);
    const tiers = [["wss://a/announce", "ws://b/announce"], ["udp://c:1/announce"]];
    const bytes = encodeTorrentFile(metainfo, tiers, { createdBy: "Shoal", creationDate: 1_800_000_000 });
    expect(await parseTorrentFile(bytes, hasher)).toEqual({ metainfo, trackers: tiers, webSeeds: [] });
    expect(utf8Decode(bytes)).toMatch(/^d8:announce16:wss:.*10:created by5:Shoal13:creation datei1800000000e4:info/);
  });

  it("writes no announce-list for one tracker and no trackers for none", async () => {
    const metainfo = await parseInfo(utf8Encode(INFO), hasher);
    expect(utf8Decode(encodeTorrentFile(metainfo, [["ws://a/"]]))).toBe(`d8:announce7:ws://a/4:info${INFO}e`);
    expect(utf8Decode(encodeTorrentFile(metainfo, [[], []]))).toBe(`d4:info${INFO}e`);
  });

  it("writes one web seed as a text and several as a list, behind info", async () => {
    const metainfo = await parseInfo(utf8Encode(INFO), hasher);
    const one = encodeTorrentFile(metainfo, [], { webSeeds: ["http://a/"] });
    expect(utf8Decode(one)).toBe(`d4:info${INFO}8:url-list9:http://a/e`);
    const webSeeds = ["http://a/", "https://b/c?d"];
    const two = encodeTorrentFile(metainfo, [["ws://a/"]], { webSeeds });
    expect(await parseTorrentFile(two, hasher)).toEqual({ metainfo, trackers: [["ws://a/"]], webSeeds });
  });

  it("keeps info bytes that are not canonical", async () => {
    const info = INFO.replace("d6:lengthi0e", "d1:zi1e6:lengthi0e");
    const metainfo = await parseInfo(utf8Encode(info), hasher);
    const again = await parseTorrentFile(encodeTorrentFile(metainfo, []), hasher);
    expect(again.metainfo.infoHash).toBe(metainfo.infoHash);
  });
});
