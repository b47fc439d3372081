import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bitfield } from "../../torrent/bitfield.js";
import { fieldOf } from "../../../testing/swarm-script.js";
import { Availability } from "./availability.js";

const SIZE = 6;

describe("Availability", () => {
  it("counts each piece's holders as a plain count over all peers does, whatever they say", () => {
    const drawn = fc.oneof(
      fc.string({ unit: fc.constantFrom("x", "."), minLength: SIZE, maxLength: SIZE }),
      fc.constantFrom("xxxxxx", "......", "xxxxx."),
    );
    const event = fc.record({
      kind: fc.constantFrom("join", "leave", "gain", "lose"),
      who: fc.nat(),
      piece: fc.nat({ max: SIZE - 1 }),
      drawn,
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const availability = new Availability(SIZE);
        const peers: Bitfield[] = [];
        for (const { kind, who, piece, drawn: held } of events) {
          const peer = peers[who % peers.length];
          if (kind === "join") {
            const joining = fieldOf(held);
            availability.add(joining);
            peers.push(joining);
          } else if (peer === undefined) {
            continue;
          } else if (kind === "leave") {
            availability.remove(peer);
            peers.splice(peers.indexOf(peer), 1);
          } else if (kind === "gain") {
            if (peer.set(piece)) availability.gained(piece, peer);
          } else if (peer.clear(piece)) {
            availability.lost(piece, peer);
          }
          for (let index = 0; index < SIZE; index++) {
            expect(availability.of(index)).toBe(peers.filter((each) => each.has(index)).length);
          }
        }
      }),
    );
  });

  it("counts the only piece of a share that is gained and lost", () => {
    const availability = new Availability(1);
    const peer = fieldOf(".");
    availability.add(peer);
    peer.set(0);
    availability.gained(0, peer);
    expect(availability.of(0)).toBe(1);
    peer.clear(0);
    availability.lost(0, peer);
    expect(availability.of(0)).toBe(0);
  });
});
