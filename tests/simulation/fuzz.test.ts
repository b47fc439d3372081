import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes } from "@shoal/peer-core";
import { extendedFrame, frame, ID, RawPeer } from "../support/raw-peer.js";
import { Simulation } from "../support/simulated-swarm.js";

const PIECE = 32 * 1024;
const PIECES = 6;

/** Mostly what fits the share, sometimes just beyond it, sometimes anything. */
const piece = usually(fc.nat({ max: PIECES - 1 }), fc.constantFrom(PIECES, 0xffff_ffff));
const begin = usually(fc.constantFrom(0, 16_384), fc.constantFrom(1, PIECE));
const length = usually(fc.constantFrom(16_384, 1), fc.constantFrom(PIECE, 0));
const anyMessage = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, ID.haveAll, ID.haveNone, 99).map((id) => frame(id)),
  fc.tuple(fc.constantFrom<number>(ID.have, 13, 17), piece).map(([id, index]) => frame(id, index)),
  fc.tuple(fc.constantFrom(ID.request, ID.cancel, ID.reject), piece, begin, length).map((fields) => frame(...fields)),
  fc.tuple(piece, begin).map(([index, at]) => frame(ID.piece, index, at, new Uint8Array(16_384))),
  usually(
    fc.integer({ min: 0, max: 63 }).map((bits) => bits << 2),
    fc.constant(1),
  ).map((byte) => frame(ID.bitfield, new Uint8Array([byte]))),
  fc
    .tuple(usually(fc.constant(9), fc.constantFrom(0, 1, 2)), fc.uint8Array({ maxLength: 12 }))
    .map(([id, bytes]) => frame(ID.extended, new Uint8Array([id]), bytes)),
  fc
    .tuple(fc.nat({ max: 3 }), fc.nat({ max: 2 }))
    .map(([type, part]) => extendedFrame(1, { msg_type: type, piece: part }, new Uint8Array(9))),
  fc.nat({ max: 100_000 }).map((size) => extendedFrame(0, { m: new Map([["ut_metadata", 3]]), metadata_size: size })),
  piece.map((index) => frame(ID.extended, new Uint8Array([2]), new Uint8Array([0, 0, 0, index & 0xff]))),
);

/** Now and then the other: a rule that is broken ends the link, and with it the test of what comes after. */
function usually(common: fc.Arbitrary<number>, rare: fc.Arbitrary<number>): fc.Arbitrary<number> {
  return fc.oneof({ weight: 40, arbitrary: common }, { weight: 1, arbitrary: rare });
}

describe("a peer that says anything in any order", () => {
  it("neither breaks a swarm nor keeps a share from passing through it", async () => {
    const turns = fc.array(fc.tuple(fc.array(anyMessage, { maxLength: 6 }), fc.nat({ max: 1_500 })), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(turns, fc.boolean(), fc.boolean(), async (said, knowsMetainfo, cut) => {
        const simulation = await Simulation.create({ seed: 1, length: PIECES * PIECE, pieceLength: PIECE, cut });
        const villain = new RawPeer(simulation.network.host("villain"), simulation.infoHash, {
          onOpen: (link) => link.hello(),
        });
        const seed = simulation.add("seed", { has: "all", upBytesPerSecond: 40_000 });
        const leech = simulation.add("leech", { knowsMetainfo });
        leech.session.addEndpoints([seed.address]);
        const links = await simulation.clock.settle(
          Promise.all([villain.dial(leech.address), villain.dial(seed.address)]),
        );
        for (const [messages, pauseMs] of said) {
          if (messages.length > 0) for (const link of links) link.raw(concatBytes(messages));
          await simulation.clock.advance(pauseMs);
        }
        expect(await simulation.allComplete([leech], 120_000)).toBe(true);
        expect(await simulation.holdsEverything(leech)).toBe(true);
        await simulation.close();
        expect(simulation.clock.pendingTimers).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
