import { describe, expect, it } from "vitest";
import { fieldOf } from "../../../testing/swarm-script.js";
import type { ExtensionMessage } from "../../peer/extension-codec.js";
import { RequestWindow } from "../../peer/request-window.js";
import { RemotePeer } from "../../peer/remote-peer.js";
import type { PeerSession } from "../../peer/peer-session.js";
import { Bitfield } from "../../torrent/bitfield.js";
import { WantTeller } from "./want-teller.js";

interface Peer {
  readonly session: PeerSession;
  /** What it has been told, drawn. */
  readonly told: string[];
}

let id = 0;

function peer(has: string, isRelay: boolean): Peer {
  const remote = new RemotePeer();
  remote.onExtendedHandshake({ extensions: {}, isRelay });
  remote.pieces.onBitfield(fieldOf(has).toWire());
  remote.pieces.adopt(has.length);
  const told: string[] = [];
  const sendExtension = (message: ExtensionMessage) => {
    if (message.type === "want") told.push(draw(Bitfield.fromWire(message.bits, has.length)));
  };
  const requests = new RequestWindow();
  const session = { id: ++id, remote, requests, openedAt: 0, sendExtension } as unknown as PeerSession;
  return { session, told };
}

function draw(field: Bitfield): string {
  return Array.from({ length: field.size }, (_, piece) => (field.has(piece) ? "x" : ".")).join("");
}

/** A peer that has everything, and what is wanted of relays at a time. */
function oneSource() {
  const source = peer("xx", false).session;
  const teller = new WantTeller({
    sessions: () => [source],
    lacking: () => fieldOf("xx"),
    isDialing: () => false,
  });
  return { source, wants: (now: number) => draw(teller.unoffered(now) ?? fieldOf("")) };
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
    expect(relay.told).toEqual([]);
  });

  it("waits a moment for whoever is just being met, and not for ever", () => {
    lacking = fieldOf("xxx.");
    isDialing = true;
    const late = peer("xxxx", true);
    const patient = new WantTeller({
      sessions: () => [late.session, direct.session],
      lacking: () => lacking?.clone(),
      isDialing: () => isDialing,
    });
    patient.tick(10);
    expect(late.told).toEqual([]);
    patient.tick(1_010);
    expect(late.told).toEqual(["xx.."]);
    isDialing = false;
  });

  it("tells relays, and nobody else, what nobody offers directly", () => {
    lacking = fieldOf("xxx.");
    teller.tick(10);
    expect([relay.told, direct.told]).toEqual([["xx.."], []]);
  });

  it("tells of a change, a second after the last word", () => {
    lacking = fieldOf("x...");
    teller.tick(500);
    expect(relay.told).toHaveLength(1);
    teller.tick(1_010);
    teller.tick(3_000);
    expect(relay.told).toEqual(["xx..", "x..."]);
  });

  it("says at last that nothing is wanted any more", () => {
    lacking = fieldOf("....");
    teller.tick(5_000);
    teller.tick(7_000);
    expect(relay.told.slice(2)).toEqual(["...."]);
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
    expect(relay.told.slice(3)).toEqual(["xx..", "...."]);
    teller.tick(11_200);
    expect(relay.told.slice(5)).toEqual(["xx.."]);
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
