import { beforeEach, describe, expect, it } from "vitest";
import { DrawnPeer, drawingOf } from "../../../testing/drawn-peer.js";
import { script, type ScriptedSwarm } from "../../../testing/swarm-script.js";
import { UNIT_BYTES } from "../../torrent/geometry.js";
import { CacheRoom, type CacheTenant } from "./cache-room.js";
import { RelayPromise } from "./relay-promise.js";

const MINUTE = 60_000;
const KEEP_MS = 10 * MINUTE;
/** An ordinary moment, in milliseconds since 1970. */
const START = 1_800_000_000_000;

const tenant: CacheTenant = {
  heldBytes: 0,
  victims: () => [],
  evict: () => Promise.resolve(),
  onRoom: () => undefined,
};

let now: number;
let swarm: ScriptedSwarm;
let peer: DrawnPeer;

beforeEach(() => {
  now = START;
  swarm = script({ have: "x.." });
  peer = new DrawnPeer({ has: "..." });
});

/** A relay that may keep so many bytes of whole shares. */
function promiseOf(keepBytes: number, keepMs = KEEP_MS): { promise: RelayPromise; room: CacheRoom } {
  const cache = { quotaBytes: 100 * UNIT_BYTES, usedBytes: 0, makeRoom: () => Promise.resolve() };
  const room = new CacheRoom(cache, keepBytes);
  return { promise: new RelayPromise({ room, keepMs, unixMs: () => now }, tenant, swarm.table), room };
}

function comeIn(...pieces: number[]): void {
  for (const index of pieces) {
    const piece = swarm.geometry.pieceIndex(index);
    swarm.table.start(piece);
    swarm.table.verify(piece);
    swarm.table.complete(piece);
  }
}

describe("RelayPromise", () => {
  it("fetches all of a share that somebody wanted, behind what others want", () => {
    const { promise } = promiseOf(3 * UNIT_BYTES);
    promise.tick(false, [peer.session]);
    expect(promise.isFetching).toBe(false);
    promise.tick(true, [peer.session]);
    expect([promise.isFetching, promise.untilMs]).toEqual([true, 0]);
    const { wants, bytesPerSecond } = promise.asDownloader();
    expect([drawingOf(wants), bytesPerSecond]).toEqual([".xx", 0]);
    expect(peer.heardPromises).toEqual([]);
  });

  it("promises it once all of it is here, from when it was last wanted", () => {
    const { promise } = promiseOf(3 * UNIT_BYTES);
    promise.tick(true, [peer.session]);
    now += MINUTE;
    comeIn(1, 2);
    promise.tick(false, [peer.session]);
    expect([promise.isFetching, promise.untilMs]).toEqual([false, START + KEEP_MS]);
    expect(peer.heardPromises).toEqual([START + KEEP_MS]);
  });

  it("tells again of a promise that has grown by a minute, and at once of its end", () => {
    const { promise, room } = promiseOf(3 * UNIT_BYTES);
    comeIn(1, 2);
    promise.tick(true, [peer.session]);
    now += MINUTE - 1;
    promise.tick(true, [peer.session]);
    expect(peer.heardPromises).toEqual([START + KEEP_MS]);
    now += 1;
    promise.tick(true, [peer.session]);
    expect(peer.heardPromises).toEqual([START + KEEP_MS, START + MINUTE + KEEP_MS]);
    now += KEEP_MS - 1;
    promise.tick(false, [peer.session]);
    expect(promise.untilMs).toBe(START + MINUTE + KEEP_MS);
    now += 1;
    promise.tick(false, [peer.session]);
    expect([promise.untilMs, peer.heardPromises.slice(2)]).toEqual([0, [0]]);
    expect(room.keep({ ...tenant }, 3 * UNIT_BYTES)).toBe(true);
  });

  it("takes the promise back when a piece is lost, and fetches it again", () => {
    const { promise } = promiseOf(3 * UNIT_BYTES);
    comeIn(1, 2);
    promise.tick(true, [peer.session]);
    swarm.table.lose(swarm.geometry.pieceIndex(1));
    promise.tick(false, [peer.session]);
    expect([promise.isFetching, promise.untilMs, peer.heardPromises]).toEqual([true, 0, [START + KEEP_MS, 0]]);
  });

  it("tells who comes later what is promised, and nothing while nothing is", () => {
    const { promise } = promiseOf(3 * UNIT_BYTES);
    promise.greet(peer.session);
    comeIn(1, 2);
    promise.tick(true, []);
    expect(peer.heardPromises).toEqual([]);
    promise.greet(peer.session);
    expect(peer.heardPromises).toEqual([START + KEEP_MS]);
  });

  it("promises nothing of a share that is larger than the room for such", () => {
    const { promise } = promiseOf(3 * UNIT_BYTES - 1);
    comeIn(1, 2);
    promise.tick(true, [peer.session]);
    expect([promise.isFetching, promise.untilMs, peer.heardPromises]).toEqual([false, 0, []]);
  });

  it("promises nothing where nothing is to be kept", () => {
    const { promise } = promiseOf(3 * UNIT_BYTES, 0);
    promise.tick(true, [peer.session]);
    expect(promise.isFetching).toBe(false);
  });
});
