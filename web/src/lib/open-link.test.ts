import { parseInfoHash, type InfoHash } from "@shoal/peer-core/torrent";
import { expect, test } from "vitest";
import { fullLinkOf, hashOfText, isLinkText } from "./open-link.js";

const HASH = "0123456789abcdef0123456789abcdef01234567";
const INFO_HASH = parseInfoHash(HASH) ?? ("" as InfoHash);
const BASE = "https://hub.example/files/";
const PLAIN = { infoHash: INFO_HASH, trackers: [], endpoints: [], webSeeds: [] };

test("an info-hash, a link of this hub and one with hints are opened here", () => {
  expect(hashOfText(` ${HASH.toUpperCase()}\n`, BASE)).toBe(`#/s/${HASH}`);
  expect(hashOfText(`${BASE}#/s/${HASH}`, BASE)).toBe(`#/s/${HASH}`);
  expect(hashOfText(`${BASE}#/s/${HASH}?so=1`, BASE)).toBe(`#/s/${HASH}?so=1`);
});

test("a link of another hub keeps that hub's tracker", () => {
  expect(hashOfText(`http://other.example/#/s/${HASH}`, BASE)).toBe(
    `#/s/${HASH}?tr=${encodeURIComponent("ws://other.example/announce")}`,
  );
});

test("the engine gets the whole magnet, whose web seeds fit no address", () => {
  const magnet = `magnet:?xt=urn:btih:${HASH}&ws=https%3A%2F%2Fmirror.example%2Ff`;
  expect(hashOfText(magnet, BASE)).toBe(`#/s/${HASH}`);
  expect(fullLinkOf(PLAIN, BASE)).toBe(magnet);
  hashOfText(HASH, BASE);
  expect(fullLinkOf(PLAIN, BASE)).toBe(`${BASE}#/s/${HASH}`);
});

test.each(["", "hello", "https://example.org/", "magnet:?xt=urn:btih:12", "x".repeat(20_000)])(
  "%j is no link",
  (text) => {
    expect(isLinkText(text)).toBe(false);
    expect(hashOfText(text, BASE)).toBeUndefined();
  },
);
