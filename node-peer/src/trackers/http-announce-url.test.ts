import { expect, it } from "vitest";
import { infoHashFromBytes, peerIdFromBytes, type AnnounceRequest } from "@shoal/peer-core";
import { httpAnnounceUrl, httpScrapeUrl } from "./http-announce-url.js";

const infoHash = infoHashFromBytes(Buffer.from("00257fff".padEnd(40, "a"), "hex"));
const request: AnnounceRequest = {
  infoHash,
  peerId: peerIdFromBytes(new Uint8Array(20).fill(0x41)),
  uploaded: 1,
  downloaded: 2,
  left: undefined,
  numWant: 50,
};

it("escapes bytes as bytes and keeps the tracker's own query", () => {
  const url = httpAnnounceUrl(new URL("https://t.example/announce.php?passkey=a%2Fb#x"), request, {
    key: "0a0b",
    trackerId: Buffer.from("t&d"),
  });
  expect(url.href).toBe(
    `https://t.example/announce.php?passkey=a%2Fb&info_hash=%00%25%7f%ff${"%aa".repeat(16)}&peer_id=${"%41".repeat(20)}` +
      "&port=1&uploaded=1&downloaded=2&left=16384&key=0a0b&compact=1&numwant=50&supportcrypto=0&trackerid=%74%26%64",
  );
});

it("tells port, event and what is left where they are known", () => {
  const told = { ...request, port: 6881, event: "completed" as const, left: 0 };
  const { searchParams } = httpAnnounceUrl(new URL("http://t.example/announce"), told, {
    key: "",
    trackerId: undefined,
  });
  expect(Object.fromEntries(searchParams)).toMatchObject({ port: "6881", event: "completed", left: "0" });
  expect(searchParams.has("trackerid")).toBe(false);
});

it.each([
  ["http://t.example/announce", "http://t.example/scrape?"],
  ["http://t.example/x/announce.php?k=1", "http://t.example/x/scrape.php?k=1&"],
])("scrapes where BEP 48 says: %s", (tracker, scrape) => {
  expect(httpScrapeUrl(new URL(tracker), infoHash)?.href).toBe(`${scrape}info_hash=%00%25%7f%ff${"%aa".repeat(16)}`);
});

it.each(["http://t.example/a", "http://t.example/announce/x", "http://t.example/xannounce"])(
  "knows that %s has no scrape",
  (tracker) => {
    expect(httpScrapeUrl(new URL(tracker), infoHash)).toBeUndefined();
  },
);
