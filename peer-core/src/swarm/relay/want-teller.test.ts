import { describe, expect, it } from "vitest";
import { DrawnPeer, drawingOf } from "../../../testing/drawn-peer.js";
import { fieldOf } from "../../../testing/swarm-script.js";
import type { Bitfield } from "../../torrent/bitfield.js";
import { WantTeller } from "./want-teller.js";

function peer(has: string, isRelay: boolean): DrawnPeer {
  return new DrawnPeer({ has, told: { extensions: {}, isRelay } });
}

/** A peer that has everything, and what is wanted of relays at a time. */
function oneSource() {
  const source = peer("xx", false).session;
  const teller = new WantTeller({
    sessions: () => [source],
    lacking: () => fieldOf("xx"),
    isDialing: () => false,
  });
  return { source, wants: (now: number) => drawingOf(teller.unoffered(now) ?? fieldOf("")) };
}

describe("WantTeller", () => {
  const relay = peer("xxxx", true);
  const direct = peer("..x.", false);
  let lacking: Bitfield | undefined;
  let isDialing = false;
  const teller = new WantTeller({
    sessions: () => [relay.session, direct.session],
    lacking: () => lacking?.clone(),
    isDialing: () => isDialing,
  });

  it("says nothing before the metainfo is known, nor that nothing is wanted", () => {
    teller.tick(0);
    lacking = fieldOf("....");
    teller.tick(1);
    expect(relay.heardWants).toEqual([]);
  });

  it("waits a moment for whoever is just being met, and not for ever; the end of wants is told at once", () => {
    lacking = fieldOf("xxx.");
    isDialing = true;
    const late = new DrawnPeer({ has: "xxxx", told: { extensions: {}, isRelay: true }, openedAt: 1_000 });
    const patient = new WantTeller({
      sessions: () => [late.session, direct.session],
      lacking: () => lacking?.clone(),
      isDialing: () => isDialing,
    });
    patient.tick(1_010);
    patient.tick(1_899);
    expect(late.heardWants).toEqual([]);
    isDialing = false;
    patient.tick(1_899);
    expect(late.heardWants).toEqual(["xx.."]);
    isDialing = true;
    lacking = fieldOf("....");
    patient.tick(1_899);
    expect(late.heardWants).toEqual(["xx..", "...."]);
    patient.forget(late.session);
    lacking = fieldOf("xxx.");
    patient.tick(1_900);
    expect(late.heardWants).toEqual(["xx..", "....", "xx.."]);
    isDialing = false;
  });

  it("tells relays, and nobody else, what nobody offers directly", () => {
    lacking = fieldOf("xxx.");
    teller.tick(10);
    expect([relay.heardWants, direct.heardWants]).toEqual([["xx.."], []]);
  });

  it("tells of a change, a second after the last word", () => {
    lacking = fieldOf("x...");
    teller.tick(500);
    expect(relay.heardWants).toHaveLength(1);
    teller.tick(1_010);
    teller.tick(3_000);
    expect(relay.heardWants).toEqual(["xx..", "x..."]);
  });

  it("says at last that nothing is wanted any more", () => {
    lacking = fieldOf("....");
    teller.tick(5_000);
    teller.tick(7_000);
    expect(relay.heardWants.slice(2)).toEqual(["...."]);
  });

  it("says at once that nothing is wanted any more, and no more often than once a second that something is again", () => {
    lacking = fieldOf("xx..");
    teller.tick(10_000);
    lacking = fieldOf("x...");
    teller.tick(10_100);
    lacking = fieldOf("....");
    teller.tick(10_200);
    lacking = fieldOf("xx..");
    teller.tick(10_300);
    expect(relay.heardWants.slice(3)).toEqual(["xx..", "...."]);
    teller.tick(11_200);
    expect(relay.heardWants.slice(5)).toEqual(["xx.."]);
  });

  it("asks nobody for what is offered directly, and says what is not", () => {
    lacking = undefined;
    expect(teller.unoffered(11_300)).toBeUndefined();
    lacking = fieldOf("xxx.");
    expect(drawingOf(teller.unoffered(11_300) ?? fieldOf(""))).toBe("xx..");
  });

  it("tells a link that stands anew", () => {
    lacking = fieldOf("x...");
    teller.tick(20_000);
    teller.forget(relay.session);
    const before = relay.heardWants.length;
    teller.tick(20_001);
    expect(relay.heardWants.slice(before)).toEqual(["x..."]);
  });

  it("counts on nobody who owes an answer for ten seconds", () => {
    const { wants, source } = oneSource();
    source.remote.isChoking = false;
    source.requests.sent({ piece: 0, begin: 0, length: 16_384, sentAt: 1_000 });
    expect([wants(10_900), wants(11_000)]).toEqual(["..", "xx"]);
    source.requests.settle(0, 0, 16_384, 12_000);
    expect(wants(90_000)).toBe("..");
    source.requests.snub();
    expect(wants(90_000)).toBe("xx");
  });

  it("counts for a minute on who lets us wait for a turn", () => {
    const { wants, source } = oneSource();
    expect([wants(59_000), wants(60_000)]).toEqual(["..", "xx"]);
    source.remote.isChoking = false;
    expect(wants(60_000)).toBe("..");
  });
});
