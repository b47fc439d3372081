import { describe, expect, it } from "vitest";
import { DrawnPeer, OURS } from "../../../testing/drawn-peer.js";
import { fieldOf } from "../../../testing/swarm-script.js";
import { VirtualClock } from "../../../testing/virtual-clock.js";
import { Bitfield } from "../../torrent/bitfield.js";
import { Geometry, UNIT_BYTES } from "../../torrent/geometry.js";
import { PieceTable } from "../pieces/piece-table.js";
import { ServiceRecord } from "./service-record.js";

/** A relay's share, "x" for what is in the cache; its last piece is half as long as the others. */
class Scene {
  readonly clock = new VirtualClock();
  readonly peers: DrawnPeer[] = [];
  readonly busy = new Set<number>();
  readonly geometry: Geometry;
  readonly record: ServiceRecord;

  constructor(have: string) {
    this.geometry = new Geometry((2 * have.length - 1) * UNIT_BYTES, 2 * UNIT_BYTES);
    this.record = new ServiceRecord({
      table: new PieceTable(this.geometry, fieldOf(have), new Bitfield(have.length)),
      clock: this.clock,
      sessions: () => this.peers.map(({ session }) => session),
      busyPieces: () => this.busy,
    });
  }

  /** A peer of ours that comes, and takes so many bytes a second. */
  peer(has: string, wants: string, bytesPerSecond = 0): DrawnPeer {
    const peer = new DrawnPeer({ has, wants, told: OURS });
    this.peers.push(peer);
    if (bytesPerSecond > 0) this.#take(peer, bytesPerSecond);
    return peer;
  }

  /** The rank of each piece, "-" for one that has to stay. */
  ranks(leaving: readonly number[] = []): string {
    const victims = this.record.victims(leaving);
    return [...this.geometry.pieces()]
      .map((piece) => victims.find((victim) => victim.piece === piece)?.rank ?? "-")
      .join("");
  }

  #take({ session }: DrawnPeer, bytesPerSecond: number): void {
    for (let ms = -20_000; ms <= 0; ms += 100) session.upMeter.add(bytesPerSecond / 10, this.clock.now() + ms);
  }
}

describe("ServiceRecord", () => {
  it("lets go of all that is here, but for what is being read or is going already", () => {
    const scene = new Scene("xxx.x");
    scene.busy.add(1);
    expect(scene.ranks([2])).toBe("0---0");
  });

  it("knows what nobody wants, what all have who want it, and what somebody waits for", () => {
    const scene = new Scene("xxxx");
    scene.peer("xx..", "x.x.");
    expect(scene.ranks()).toBe("1020");
  });

  it("takes it that software which does not say what it wants waits for all that it lacks", () => {
    const scene = new Scene("xxxx");
    scene.peers.push(new DrawnPeer({ has: "x..." }));
    expect(scene.ranks()).toBe("0222");
  });

  it("values what a fast peer waits for above what a slow one does, by powers of four", () => {
    const ranks = [0, 2, 4, 12, 18, 55, 70].map((rate) => {
      const scene = new Scene("x");
      scene.peer(".", "x", rate);
      return scene.ranks();
    });
    expect(ranks).toEqual(["2", "2", "3", "3", "4", "4", "5"]);
  });

  it("values what several wait for as the fastest of them does", () => {
    const scene = new Scene("xxx");
    scene.peer("...", "xx.", 1_000);
    scene.peer("...", ".xx", 10);
    expect(scene.ranks()).toBe("663");
  });

  it("spares two pieces for each who has come or taken something in the last ten seconds", async () => {
    const scene = new Scene(".xxxxx");
    const peer = scene.peer("..x...", "xxxxxx");
    scene.record.onWaiting(peer.session, scene.clock.now());
    expect(scene.ranks()).toBe("--1-22");
    await scene.clock.advance(10_000);
    scene.record.onWaiting(peer.session, scene.clock.now());
    expect(scene.ranks()).toBe("--1-22");
    await scene.clock.advance(1);
    scene.record.onWaiting(peer.session, scene.clock.now());
    expect(scene.ranks()).toBe("-21222");
    scene.record.onServed(peer.session, 2);
    expect(scene.ranks()).toBe("--1-22");
  });

  it("spares nothing for who only waits for what is not here, nor for who has gone and not come again", () => {
    const scene = new Scene(".xx");
    const waiting = scene.peer("...", "x..");
    const satisfied = scene.peer("xxx", "xxx");
    for (const { session } of [waiting, satisfied]) scene.record.onWaiting(session, 0);
    expect(scene.ranks()).toBe("-11");
    const other = scene.peer("...", "xxx");
    scene.record.onServed(other.session, 0);
    expect(scene.ranks()).toBe("---");
    scene.record.onClosed(other.session);
    expect(scene.ranks()).toBe("-22");
  });

  it("tells when each piece came or was last given to somebody, and its size", async () => {
    const scene = new Scene("xxx");
    await scene.clock.advance(5);
    scene.record.onStored(scene.geometry.pieceIndex(1));
    await scene.clock.advance(5);
    scene.record.onServed(scene.peer("xxx", "...").session, 2);
    expect(scene.record.victims([]).map(({ servedAt, bytes }) => [servedAt, bytes])).toEqual([
      [Number.NEGATIVE_INFINITY, 2 * UNIT_BYTES],
      [5, 2 * UNIT_BYTES],
      [10, UNIT_BYTES],
    ]);
  });
});
