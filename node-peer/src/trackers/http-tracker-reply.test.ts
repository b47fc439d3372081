import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { infoHashFromBytes, isShoalError } from "@shoal/peer-core";
import { parseHttpAnnounceReply, parseHttpScrapeReply } from "./http-tracker-reply.js";

const parse = (text: string) => parseHttpAnnounceReply(Buffer.from(text, "latin1"));
const infoHash = infoHashFromBytes(new Uint8Array(20).fill(0xe1));

describe("a tracker's reply to an announce", () => {
  it("is read with compact peers of both families", () => {
    const six = Buffer.from("20010db80000000000000000000000011ae1", "hex").toString("latin1");
    const { reply, trackerId } = parse(
      `d8:completei5e10:incompletei6e8:intervali900e12:min intervali1000e5:peers6:\xc0\x00\x02\x01\x1a\xe16:peers618:${six}10:tracker id2:idee`,
    );
    expect(reply).toEqual({
      intervalSeconds: 1000,
      seeds: 5,
      leeches: 6,
      relays: [],
      warning: undefined,
      peers: [
        { peerId: undefined, endpoint: "tcp://192.0.2.1:6881" },
        { peerId: undefined, endpoint: "tcp://[2001:db8::1]:6881" },
      ],
    });
    expect(Buffer.from(trackerId ?? []).toString()).toBe("id");
  });

  it("is read with a list of dictionaries, without what is no address", () => {
    const id = "p".repeat(20);
    const peer = (ip: string, port: number, more = "") => `d2:ip${ip.length}:${ip}${more}4:porti${port}ee`;
    const list = [
      peer("192.0.2.1", 80, `7:peer id20:${id}`),
      peer("2001:db8::2", 81, "7:peer id3:abc"),
      peer("inside.example", 80),
      peer("192.0.2.3", 0),
      "i5e",
      "le",
    ];
    expect(parse(`d5:peersl${list.join("")}ee`).reply.peers).toEqual([
      { peerId: "70".repeat(20), endpoint: "tcp://192.0.2.1:80" },
      { peerId: undefined, endpoint: "tcp://[2001:db8::2]:81" },
    ]);
  });

  it("may leave everything out, have fields of other types, and a line break behind it", () => {
    const nothing = { intervalSeconds: 1800, seeds: 0, leeches: 0, peers: [], relays: [], warning: undefined };
    expect(parse("de").reply).toEqual(nothing);
    expect(parse("d8:completei-4e8:interval2:ab5:peersi4e6:peers6lee\n").reply).toEqual(nothing);
    expect(parse("d15:warning message3:olde").reply.warning).toBe("old");
  });

  it.each([
    ["<html>", /nonsense/],
    ["", /nonsense/],
    ["i5e", /something else/],
    ["d14:failure reason6:closede", /^says: closed$/],
    [`d14:failure reason5000:${"x".repeat(5000)}e`, /^says: x{300}$/],
    ["d14:failure reason2:\xff\xfee", /^says: /],
  ])("fails as a tracker does: %j", (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  it.each([
    ["i5e", 300_000],
    ["2:10", 600_000],
    ["5:never", Number.POSITIVE_INFINITY],
    ["3:abc", undefined],
    ["i-5e", undefined],
  ])("says with %s when to ask again", (text, retryAfterMs) => {
    expect(() => parse(`d14:failure reason4:busy8:retry in${text}e`)).toThrow(
      expect.objectContaining({ code: "tracker", retryAfterMs }) as Error,
    );
  });

  it("never throws anything else, whatever it is", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .uint8Array({ maxLength: 60 })
        .map((peers) => Buffer.concat([Buffer.from(`d5:peers${peers.length}:`), peers, Buffer.from("e")])),
    );
    fc.assert(
      fc.property(bytes, (body) => {
        for (const read of [parseHttpAnnounceReply, (b: Uint8Array) => parseHttpScrapeReply(b, infoHash)]) {
          try {
            read(body);
          } catch (error) {
            if (!isShoalError(error, "tracker")) throw error;
          }
        }
      }),
    );
  });
});

describe("a tracker's reply to a scrape", () => {
  it("has the counts of the share, zeros when it does not name it", () => {
    const file = "d8:completei1e10:downloadedi3e10:incompletei2ee";
    const text = `d5:filesd20:${"\xe1".repeat(20)}${file}ee`;
    expect(parseHttpScrapeReply(Buffer.from(text, "latin1"), infoHash)).toEqual({ seeds: 1, leeches: 2, completed: 3 });
    expect(parseHttpScrapeReply(Buffer.from("d5:filesdee"), infoHash)).toEqual({ seeds: 0, leeches: 0, completed: 0 });
    expect(() => parseHttpScrapeReply(Buffer.from("de"), infoHash)).toThrow("without files");
  });
});
