import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startTracker, type RunningTracker } from "@shoal/tracker";
import { Client, type ClientUpdate, type SignallingPeer } from "bittorrent-tracker";
import { afterEach, beforeEach, expect, test } from "vitest";

const infoHash = "0123456789abcdef0123456789abcdef01234567";
const closers: (() => Promise<void> | void)[] = [];
let tracker: RunningTracker;

beforeEach(async () => {
  tracker = await startTracker({ host: "127.0.0.1", port: 0 });
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await tracker.close();
});

function client(scheme: "ws" | "http", peer: string, port = 6881): Client {
  const made = new Client({
    infoHash,
    peerId: Buffer.from(`-XX0100-${peer.repeat(12)}`).toString("hex"),
    announce: [`${scheme}://127.0.0.1:${tracker.port}/announce`],
    port,
    // Makes the client believe that there is WebRTC here; `signalling` puts something in its place.
    wrtc: { RTCPeerConnection: EventEmitter, RTCSessionDescription: EventEmitter, RTCIceCandidate: EventEmitter },
  });
  for (const event of ["error", "warning"]) {
    made.on(event, (error: Error) => {
      throw error;
    });
  }
  closers.push(() => new Promise((resolve) => made.destroy(resolve)));
  return made;
}

async function update(from: Client, say: () => void): Promise<ClientUpdate> {
  const heard = once(from, "update");
  say();
  return ((await heard) as [ClientUpdate])[0];
}

/** Stands in for WebRTC: an initiator signals an offer, who is signalled an offer signals an answer. */
class ScriptedPeer extends EventEmitter implements SignallingPeer {
  id?: string;
  readonly heard: unknown[] = [];
  readonly #name: string;

  constructor(name: string, isInitiator: boolean) {
    super();
    this.#name = name;
    if (isInitiator) setImmediate(() => this.emit("signal", { type: "offer", sdp: `offer of ${name}` }));
  }

  signal(description: unknown): void {
    this.heard.push(description);
    const isOffer = (description as { type: string }).type === "offer";
    if (isOffer) setImmediate(() => this.emit("signal", { type: "answer", sdp: `answer of ${this.#name}` }));
  }

  destroy(): void {
    this.removeAllListeners();
  }
}

/** The client's own code makes, sends and matches offers; only the WebRTC peer beneath is scripted. */
function signalling(from: Client, name: string): Client {
  for (const line of from._trackers)
    line._createPeer = (options) => new ScriptedPeer(name, options?.initiator === true);
  return from;
}

test.each(["ws", "http"] as const)("bittorrent-tracker's client announces and scrapes over %s", async (scheme) => {
  const seed = signalling(client(scheme, "a"), "a");
  const leech = signalling(client(scheme, "b"), "b");
  expect(await update(seed, () => seed.start({ left: 0, numwant: 1 }))).toMatchObject({ complete: 1, incomplete: 0 });
  expect(await update(leech, () => leech.start({ left: 10, numwant: 1 }))).toMatchObject({
    complete: 1,
    incomplete: 1,
  });
  expect(await update(leech, () => leech.complete({ left: 0 }))).toMatchObject({ complete: 2, incomplete: 0 });
  const scraped = once(seed, "scrape");
  seed.scrape();
  expect(((await scraped) as [ClientUpdate])[0]).toMatchObject({ complete: 2, incomplete: 0, downloaded: 1 });
  expect(await update(leech, () => leech.stop())).toMatchObject({ complete: 1, incomplete: 0 });
});

test("bittorrent-tracker's client is told of a peer that announced over HTTP", async () => {
  const seed = client("http", "a", 7001);
  await update(seed, () => seed.start({ left: 0 }));
  const leech = client("http", "b", 7002);
  const told = once(leech, "peer");
  leech.start({ left: 10 });
  expect(((await told) as [string])[0]).toBe("127.0.0.1:7001");
});

test("an HTTP client is told of a WebSocket peer whose port has been checked", async () => {
  const listener = createServer().listen(0, "127.0.0.1");
  closers.push(() => void listener.close());
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const seed = signalling(client("ws", "a"), "a");
  await update(seed, () => seed.start({ left: 0, numwant: 1, port } as { left: number }));
  const leech = client("http", "b", 7002);
  const told = once(leech, "peer");
  // The check takes a moment that nobody is told of: ask until it is over.
  leech.on("update", ({ complete }: ClientUpdate) => {
    if (complete > 0 && leech.listenerCount("peer") > 0) leech.update({ left: 10 });
  });
  leech.start({ left: 10 });
  expect(((await told) as [string])[0]).toBe(`127.0.0.1:${port}`);
});

test("two of bittorrent-tracker's clients exchange an offer and an answer", async () => {
  const a = signalling(client("ws", "a"), "a");
  await update(a, () => a.start({ left: 10, numwant: 1 }));
  const b = signalling(client("ws", "b"), "b");
  const called = once(a, "peer");
  const answered = once(b, "peer");
  b.start({ left: 10, numwant: 1 });
  const [caller] = (await called) as [ScriptedPeer];
  const [answerer] = (await answered) as [ScriptedPeer];
  expect(caller.id).toBe(Buffer.from(`-XX0100-${"b".repeat(12)}`).toString("hex"));
  expect(caller.heard).toEqual([{ type: "offer", sdp: "offer of b" }]);
  expect(answerer.id).toBe(Buffer.from(`-XX0100-${"a".repeat(12)}`).toString("hex"));
  expect(answerer.heard).toEqual([{ type: "answer", sdp: "answer of a" }]);
});
