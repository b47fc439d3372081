import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isShoalError } from "../base/errors.js";
import { decodeBase64, encodeBase64 } from "./protocol-base64.js";
import { MAX_JSON_DEPTH } from "./protocol-json.js";
import {
  encodeRequest,
  encodeTrackerMessage,
  infoHashOf,
  MAX_OFFERS,
  parseRequest,
  parseTrackerMessage,
  toWireId,
} from "./protocol.js";
import type { TrackerMessage, TrackerRequest, WireId } from "./protocol.js";

const wireId = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("") as WireId);
const count = fc.nat();
const text = fc.string({ maxLength: 40 });
const description = fc.record({ type: fc.constantFrom("offer", "answer"), sdp: text });
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

const requests: fc.Arbitrary<TrackerRequest> = fc.oneof(
  fc.record({
    type: fc.constant("announce" as const),
    infoHash: wireId,
    peerId: wireId,
    uploaded: count,
    downloaded: count,
    left: optional(count),
    event: optional(fc.constantFrom("started" as const, "stopped" as const, "completed" as const)),
    numWant: optional(count),
    offers: optional(fc.array(fc.record({ offerId: text, offer: description }), { maxLength: 3 })),
    port: optional(fc.integer({ min: 1, max: 65_535 })),
    endpoint: optional(text),
    isRelay: fc.boolean(),
    wantsNotice: fc.boolean(),
  }),
  fc.record({
    type: fc.constant("answer" as const),
    infoHash: wireId,
    peerId: wireId,
    toPeerId: wireId,
    offerId: text,
    answer: description,
  }),
  fc.record({ type: fc.constant("scrape" as const), infoHashes: fc.array(wireId, { minLength: 1, maxLength: 4 }) }),
  fc.record({
    type: fc.constant("have" as const),
    infoHash: wireId,
    pieces: fc.oneof(
      fc.constant({ kind: "all" as const }),
      fc.record({ kind: fc.constant("bitfield" as const), bytes: fc.uint8Array({ maxLength: 50 }) }),
      fc.record({ kind: fc.constant("indexes" as const), pieces: fc.array(fc.nat(1000), { maxLength: 9 }) }),
    ),
  }),
  fc.constant({ type: "ping" as const }),
);

const peers = fc.array(fc.record({ peerId: wireId, endpoint: text }), { minLength: 1, maxLength: 4 });
const messages: fc.Arbitrary<TrackerMessage> = fc.oneof(
  fc.record({
    type: fc.constant("announce" as const),
    infoHash: wireId,
    intervalSeconds: fc.integer({ min: 1, max: 3600 }),
    complete: count,
    incomplete: count,
    peers,
    relays: fc.array(text, { maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant("peers" as const),
    infoHash: wireId,
    peers,
    relays: fc.array(text, { maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant("offer" as const),
    infoHash: wireId,
    peerId: wireId,
    offerId: text,
    offer: description,
  }),
  fc.record({
    type: fc.constant("answer" as const),
    infoHash: wireId,
    peerId: wireId,
    offerId: text,
    answer: description,
  }),
  fc.record({
    type: fc.constant("scrape" as const),
    files: fc.array(fc.record({ infoHash: wireId, complete: count, incomplete: count, downloaded: count }), {
      maxLength: 1,
    }),
  }),
  fc.record({
    type: fc.constant("failure" as const),
    reason: text,
    action: optional(text),
    infoHash: optional(wireId),
  }),
  fc.constant({ type: "ping" as const }),
);

describe("round trips", () => {
  test("every request is read as it was written", () => {
    const property = fc.property(requests, (request) => {
      expect(parseRequest(encodeRequest(request))).toEqual(request);
    });
    fc.assert(property);
  });

  test("every tracker message is read as it was written", () => {
    const property = fc.property(messages, (message) => {
      expect(parseTrackerMessage(encodeTrackerMessage(message))).toEqual(message);
    });
    fc.assert(property);
  });

  test("base64 gives back the bytes", () => {
    const property = fc.property(fc.uint8Array(), (bytes) => {
      expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
    });
    fc.assert(property);
    expect(encodeBase64(Uint8Array.of(251, 255, 1))).toBe("+/8B");
  });

  test("an info-hash keeps its bytes in the form of the wire", () => {
    const property = fc.property(wireId, (id) => {
      expect(toWireId(infoHashOf(id))).toBe(id);
    });
    fc.assert(property);
  });
});

describe("malformed input", () => {
  const readers = [parseRequest, parseTrackerMessage];

  function readsOrRefuses(input: string): void {
    for (const read of readers) {
      try {
        read(input);
      } catch (error) {
        if (!isShoalError(error, "wire")) throw error;
      }
    }
  }

  test("any text is read or refused", () => {
    fc.assert(fc.property(fc.string(), readsOrRefuses));
  });

  test("any JSON is read or refused", () => {
    fc.assert(fc.property(fc.json(), readsOrRefuses));
  });

  test("a valid message with one value replaced is read or refused", () => {
    const keys = [
      "action",
      "info_hash",
      "peer_id",
      "left",
      "event",
      "numwant",
      "offers",
      "port",
      "endpoint",
      "pieces",
      "peers",
      "files",
    ];
    fc.assert(
      fc.property(
        fc.oneof(requests.map(encodeRequest), messages.map(encodeTrackerMessage)),
        fc.constantFrom(...keys),
        fc.jsonValue(),
        (valid, key, value) => {
          readsOrRefuses(JSON.stringify({ ...(JSON.parse(valid) as object), [key]: value }));
        },
      ),
    );
  });

  test("JSON of 8 levels is read, of 9 refused, brackets in strings not counted", () => {
    const nested = (levels: number): string => {
      return `{"action":"ping","x":${"[".repeat(levels - 1)}"\\"]}[[["${"]".repeat(levels - 1)}}`;
    };
    expect(parseRequest(nested(MAX_JSON_DEPTH))).toEqual({ type: "ping" });
    expect(() => parseRequest(nested(MAX_JSON_DEPTH + 1))).toThrow(/at most 8 levels/);
  });

  test("ids of 19 or 21 characters, or with characters that are no bytes, are refused", () => {
    const announce = (id: string): string =>
      JSON.stringify({ action: "announce", info_hash: id, peer_id: "p".repeat(20) });
    expect(parseRequest(announce("h".repeat(20)))).toMatchObject({ infoHash: "h".repeat(20) });
    for (const id of ["h".repeat(19), "h".repeat(21), `${"h".repeat(19)}\u0100`]) {
      expect(() => parseRequest(announce(id))).toThrow(/Expected info_hash/);
    }
  });

  test("numbers that make no sense count as absent", () => {
    const ids = { info_hash: "h".repeat(20), peer_id: "p".repeat(20) };
    const odd = { left: -1, numwant: 1.5, port: 70_000, uploaded: "9", event: "paused" };
    expect(parseRequest(JSON.stringify({ action: "announce", ...ids, ...odd }))).toMatchObject({
      left: undefined,
      numWant: undefined,
      port: undefined,
      uploaded: 0,
      event: undefined,
    });
  });

  test("offers beyond the limit, and ones that are none, are passed over", () => {
    const offer = { offer_id: "1", offer: { type: "offer", sdp: "x", more: {} } };
    const offers = [{ offer_id: 7 }, null, ...Array.from({ length: MAX_OFFERS }, () => offer)];
    const ids = { info_hash: "h".repeat(20), peer_id: "p".repeat(20) };
    const request = parseRequest(JSON.stringify({ action: "announce", ...ids, offers }));
    expect(request.type === "announce" && request.offers).toHaveLength(MAX_OFFERS - 2);
  });

  test("an unknown action of a tracker is no message, and no error", () => {
    expect(parseTrackerMessage('{"action":"gossip"}')).toBeUndefined();
  });
});
