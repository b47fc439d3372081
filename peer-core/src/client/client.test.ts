import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createMemoryPieceStore } from "../../platform/memory-piece-store.js";
import { ConnectionRecorder } from "../../testing/connection-recorder.js";
import { MemoryNetwork } from "../../testing/memory-network.js";
import { MemoryTracker } from "../../testing/memory-tracker.js";
import { createMicrotaskHasher } from "../../testing/microtask-hasher.js";
import { seededRandom } from "../../testing/seeded-random.js";
import { VirtualClock } from "../../testing/virtual-clock.js";
import { concatBytes, utf8Encode } from "../base/bytes.js";
import { ShoalError } from "../base/errors.js";
import { idBytes, infoHashFromBytes, peerIdFromBytes } from "../base/ids.js";
import type { PieceStore } from "../ports/piece-store.js";
import { createMetainfo } from "../torrent/create-metainfo.js";
import type { Metainfo } from "../torrent/metainfo.js";
import { decodeHandshake, encodeHandshake } from "../wire/handshake.js";
import { Client } from "./client.js";
import type { ClientOptions, SessionEvent, ShareOptions } from "./share-options.js";
import type { TorrentSession } from "./torrent-session.js";

const PIECE = 32_768;
const hasher = createMicrotaskHasher();
const neverAborted = new AbortController().signal;

/** A share of `pieceCount` pieces, all bytes `fill`, and a store that holds it. */
async function share(fill: number, pieceCount = 3): Promise<{ metainfo: Metainfo; pieces: Map<number, Uint8Array> }> {
  const length = pieceCount * PIECE;
  const read = (position: number, into: Uint8Array) => {
    into.fill(fill);
    return Promise.resolve(Math.min(into.length, length - position));
  };
  const files = [{ path: ["share.bin"], length, read }];
  const metainfo = await createMetainfo({ name: `${fill}`, files, isMultiFile: false, pieceLength: PIECE, hasher });
  const pieces = new Map(Array.from({ length: pieceCount }, (_, piece) => [piece, new Uint8Array(PIECE).fill(fill)]));
  return { metainfo, pieces };
}

function storeOf(pieces: Map<number, Uint8Array>, pieceCount = 3): PieceStore {
  return createMemoryPieceStore({ pieceCount, pieces });
}

/** Clients on one simulated network, with one tracker. */
class Scene {
  readonly clock = new VirtualClock();
  readonly random = seededRandom(2);
  readonly network = new MemoryNetwork({ clock: this.clock, random: this.random });
  readonly tracker = new MemoryTracker({ clock: this.clock, random: this.random });
  readonly clients: Client[] = [];

  client(name: string, options: Partial<ClientOptions> = {}): Client {
    const host = this.network.host(name);
    const client = new Client({
      runtime: { clock: this.clock, random: this.random, hasher },
      dialer: host.dialer,
      openTracker: (url) => (url === this.tracker.url ? this.tracker.channel(name) : undefined),
      clientName: "Shoal test",
      listen: { endpoint: `mem://${name}` },
      ...options,
    });
    host.listen(`mem://${name}`, (connection) => client.accept(connection));
    this.clients.push(client);
    return client;
  }

  /** Dials a client and says `bytes`. */
  async dial(name: string, bytes: Uint8Array): Promise<ConnectionRecorder> {
    const host = this.network.host(`guest${this.random.int(2 ** 31)}`);
    const connection = await this.clock.settle(host.dialer.dial(`mem://${name}`, new AbortController().signal));
    const recorder = new ConnectionRecorder(connection);
    connection.send(bytes);
    await this.clock.advance(10);
    return recorder;
  }
}

/** BEP 3. */
const INTERESTED = new Uint8Array([0, 0, 0, 1, 2]);

function hello(metainfo: Metainfo, who = 9): Uint8Array {
  const peerId = peerIdFromBytes(new Uint8Array(20).fill(who));
  return encodeHandshake({ infoHash: metainfo.infoHash, peerId, supportsExtensions: true, supportsFast: true });
}

function eventsOf(session: TorrentSession): SessionEvent[] {
  const events: SessionEvent[] = [];
  session.on((event) => events.push(event));
  return events;
}

let scene = new Scene();
beforeEach(() => {
  scene = new Scene();
});
afterEach(async () => {
  await scene.clock.settle(Promise.all(scene.clients.map((client) => client.close())));
  await scene.clock.advance(60_000);
  expect(scene.clock.pendingTimers).toBe(0);
});

function add(client: Client, metainfo: Metainfo, options: Partial<ShareOptions> = {}): TorrentSession {
  const openStore = () => Promise.resolve(storeOf(new Map()));
  return client.add({ source: metainfo, openStore, trackers: [], ...options });
}

describe("Client", () => {
  it("has a peer id in the style of BEP 20, another one each time", () => {
    const ids = [scene.client("a").peerId, scene.client("b").peerId];
    for (const id of ids) expect(idBytes(id).subarray(0, 8)).toEqual(utf8Encode("-SH0100-"));
    expect(ids[0]).not.toBe(ids[1]);
  });

  it("holds a share once", async () => {
    const { metainfo } = await share(1);
    const client = scene.client("a");
    const session = add(client, metainfo);
    expect(() => add(client, metainfo)).toThrow(expect.objectContaining({ code: "exists" }) as Error);
    expect([client.get(metainfo.infoHash), client.sessions()]).toEqual([session, [session]]);
    await scene.clock.settle(session.stop());
    expect(client.sessions()).toEqual([]);
    expect(add(client, metainfo)).not.toBe(session);
  });

  it("leads who comes in to the share that is asked for, and sends others away", async () => {
    const [first, second, third] = [await share(1), await share(2), await share(3)];
    const client = scene.client("a");
    for (const { metainfo } of [first, second]) add(client, metainfo);
    await scene.clock.advance(10);
    const guest = await scene.dial("a", hello(second.metainfo));
    expect(decodeHandshake(guest.received.subarray(0, 68)).infoHash).toBe(second.metainfo.infoHash);
    expect(client.get(second.metainfo.infoHash)?.view.peers).toHaveLength(1);
    expect(client.get(first.metainfo.infoHash)?.view.peers).toHaveLength(0);
    expect((await scene.dial("a", hello(third.metainfo))).closed).toMatchObject([{ code: 4000 }]);
  });

  it("refuses links beyond its limit", async () => {
    const { metainfo } = await share(1);
    const client = scene.client("a", { maxConnections: 1 });
    add(client, metainfo);
    const first = await scene.dial("a", concatBytes([hello(metainfo, 1), INTERESTED]));
    expect((await scene.dial("a", hello(metainfo, 2))).closed).toMatchObject([{ code: 4003 }]);
    expect(first.closed).toEqual([]);
  });

  it("makes room for whoever comes by closing a link that is of no use, where it is full", async () => {
    const { metainfo } = await share(1);
    const client = scene.client("a", { maxConnections: 1 });
    add(client, metainfo);
    const idle = await scene.dial("a", hello(metainfo, 1));
    const leech = await scene.dial("a", concatBytes([hello(metainfo, 2), INTERESTED]));
    expect(idle.closed).toMatchObject([{ code: 4003 }]);
    expect(leech.closed).toEqual([]);
  });

  it("refuses links and shares once it is closed, and tells who was waiting", async () => {
    const { metainfo } = await share(1);
    const client = scene.client("a");
    const waiting = await scene.dial("a", new Uint8Array([19]));
    await scene.clock.settle(client.close());
    await scene.clock.advance(10);
    expect(waiting.closed).toMatchObject([{ code: 4006 }]);
    expect((await scene.dial("a", hello(metainfo))).closed).toMatchObject([{ code: 4003 }]);
    expect(() => add(client, metainfo)).toThrow(expect.objectContaining({ code: "aborted" }) as Error);
  });

  it("tells trackers where it listens, and again when that changes", async () => {
    const { metainfo } = await share(1);
    const client = scene.client("a", { listen: undefined });
    add(client, metainfo, { trackers: [[scene.tracker.url], ["odd://x"]] });
    await scene.clock.advance(100);
    const found: string[] = [];
    client.setListen({ endpoint: "mem://elsewhere" });
    await scene.clock.advance(100);
    const other = scene.tracker.channel("other");
    const peerId = peerIdFromBytes(new Uint8Array(20).fill(7));
    const request = { infoHash: metainfo.infoHash, peerId, uploaded: 0, downloaded: 0, left: 1, numWant: 9 };
    const reply = await scene.clock.settle(other.announce(request, new AbortController().signal));
    found.push(...reply.peers.map(({ endpoint }) => endpoint));
    expect(found).toEqual(["mem://elsewhere"]);
  });
});

describe("TorrentSession", () => {
  it("announces a download before its storage is open, and again when all turns out to be there", async () => {
    const { metainfo, pieces } = await share(4);
    const openings: ((store: PieceStore) => void)[] = [];
    const openStore = () => new Promise<PieceStore>((resolve) => openings.push(resolve));
    const trackers = [[scene.tracker.url]];
    const early = add(scene.client("early"), metainfo, { openStore, trackers, announcesEarly: true });
    const late = add(scene.client("late"), metainfo, { openStore, trackers });
    await scene.clock.advance(100);
    expect([early, late].map((session) => session.trackers[0]?.state)).toEqual(["waiting", "idle"]);
    const asked = () => scene.clock.settle(scene.tracker.channel("x").scrape(metainfo.infoHash, neverAborted));
    expect(await asked()).toMatchObject({ seeds: 0, leeches: 1 });
    for (const open of openings) open(storeOf(pieces));
    await scene.clock.advance(100);
    expect(await asked()).toMatchObject({ seeds: 2, leeches: 0 });
  });

  it("fetches a share and tells of it in order", async () => {
    const { metainfo, pieces } = await share(1);
    add(scene.client("seed"), metainfo, {
      openStore: () => Promise.resolve(storeOf(pieces)),
      trackers: [[scene.tracker.url]],
    });
    await scene.clock.advance(1_000);
    const session = add(scene.client("leech"), metainfo, {
      source: metainfo.infoHash,
      trackers: [[scene.tracker.url]],
    });
    const events = eventsOf(session);
    expect([session.view.state, session.metainfo, session.heldPieces]).toEqual(["metadata", undefined, undefined]);
    await scene.clock.runUntil(() => events.some(({ kind }) => kind === "complete"), 10_000);
    const kinds = events.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind !== "peer")).toEqual([
      "announced",
      "metadata",
      "opened",
      "piece",
      "piece",
      "piece",
      "complete",
    ]);
    expect([session.metainfo?.infoHash, session.heldPieces]).toEqual([
      metainfo.infoHash,
      new Uint8Array([0b1110_0000]),
    ]);
    await scene.clock.advance(1_000);
    expect(session.trackers).toMatchObject([{ url: scene.tracker.url, state: "waiting", seeds: 2, leeches: 0 }]);
    expect(scene.tracker.heldOf(metainfo.infoHash).get("leech")).toContainEqual({ kind: "indexes", pieces: [1] });
  });

  it("does not call a share complete that was so from the start", async () => {
    const { metainfo, pieces } = await share(1);
    const session = add(scene.client("a"), metainfo, { openStore: () => Promise.resolve(storeOf(pieces)) });
    const events = eventsOf(session);
    await scene.clock.advance(1_000);
    expect([session.view.state, events.map(({ kind }) => kind)]).toEqual(["seeding", ["opened"]]);
  });

  it("drops what a recheck finds wrong", async () => {
    const { metainfo, pieces } = await share(1);
    pieces.get(1)?.fill(0);
    const session = add(scene.client("a"), metainfo, { openStore: () => Promise.resolve(storeOf(pieces)) });
    const events = eventsOf(session);
    await scene.clock.settle(session.recheck());
    expect(session.heldPieces).toEqual(new Uint8Array([0b1010_0000]));
    expect(events).toContainEqual(expect.objectContaining({ kind: "warning", code: "bad-piece" }));
    expect([session.view.state, session.view.doneBytes]).toEqual(["downloading", 2 * PIECE]);
  });

  it("stops once, closes its store, and says nothing more", async () => {
    const { metainfo } = await share(1);
    const store = storeOf(new Map());
    const session = add(scene.client("a"), metainfo, { openStore: () => Promise.resolve(store) });
    await scene.clock.advance(10);
    const events = eventsOf(session);
    expect(session.stop()).toBe(session.stop());
    await scene.clock.settle(session.stop());
    expect([session.view.state, events]).toEqual(["stopped", []]);
    await expect(store.flush()).rejects.toMatchObject({ code: "disk" });
    session.addEndpoints(["mem://nowhere"]);
    expect(session.view.candidates).toBe(0);
  });

  it("closes a store that opens after it was stopped", async () => {
    const { metainfo } = await share(1);
    const store = storeOf(new Map());
    const openStore = () => new Promise<PieceStore>((resolve) => scene.clock.schedule(100, () => resolve(store)));
    const session = add(scene.client("a"), metainfo, { openStore });
    await scene.clock.settle(session.stop());
    await expect(store.flush()).rejects.toMatchObject({ code: "disk" });
  });

  it("reports a store that cannot be closed, and stops all the same", async () => {
    const { metainfo } = await share(1);
    const store: PieceStore = { ...bound(storeOf(new Map())), close: () => Promise.reject(new Error("no room")) };
    const session = add(scene.client("a"), metainfo, { openStore: () => Promise.resolve(store) });
    const events = eventsOf(session);
    await scene.clock.settle(session.stop());
    expect(events.filter(({ kind }) => kind === "failed")).toMatchObject([
      { error: { code: "disk", message: "no room" } },
    ]);
  });

  it("fails when a file that is shared in place has changed", async () => {
    const { metainfo, pieces } = await share(1);
    const changed = new ShoalError("source-changed", "share.bin is not what was shared");
    const store: PieceStore = { ...bound(storeOf(pieces)), read: () => Promise.reject(changed) };
    const session = add(scene.client("seed"), metainfo, { openStore: () => Promise.resolve(store) });
    add(scene.client("leech"), metainfo, { endpoints: ["mem://seed"] });
    await scene.clock.advance(5_000);
    expect(session.view).toMatchObject({ state: "failed", error: { code: "source-changed" }, peers: [] });
  });

  it("fails when what peers send under the right hash is no metainfo", async () => {
    const info = utf8Encode("d4:spam4:eggse");
    const infoHash = infoHashFromBytes(await hasher.sha1(info));
    const { metainfo } = await share(1);
    const fake = { ...metainfo, infoHash, infoBytes: info };
    add(scene.client("liar"), fake);
    const session = add(scene.client("leech"), metainfo, { source: infoHash, endpoints: ["mem://liar"] });
    await scene.clock.advance(5_000);
    expect(session.view).toMatchObject({ state: "failed", error: { code: "metainfo" } });
  });
});

/** The same store as a plain object, to be changed by a test. */
function bound(store: PieceStore): PieceStore {
  return {
    present: () => store.present(),
    read: (piece, begin, into) => store.read(piece, begin, into),
    write: (piece, data) => store.write(piece, data),
    flush: () => store.flush(),
    remove: (piece) => store.remove(piece),
    close: () => store.close(),
  };
}
