import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { encodeTrackerMessage, parseRequest, toWireId } from "../src/announce/protocol.js";
import type { TrackerRequest } from "../src/announce/protocol.js";
import { isShoalError } from "../src/base/errors.js";
import type { InfoHash, PeerId } from "../src/base/ids.js";
import type { AnnounceRequest, TrackerChannel, TrackerPeer } from "../src/ports/tracker-channel.js";
import { VirtualClock } from "../testing/index.js";
import { createSystemClock } from "./system-clock.js";
import { createWebSocketTrackerChannel } from "./websocket-tracker-channel.js";

const infoHash = "aa".repeat(20) as InfoHash;
const peerId = "bb".repeat(20) as PeerId;
const never = new AbortController().signal;
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Answer = (request: TrackerRequest, socket: WebSocket) => string | undefined;

/** A tracker that answers as the test says and remembers what it was asked besides pings. */
class ScriptedTracker {
  readonly asked: TrackerRequest[] = [];
  readonly sockets: WebSocket[] = [];
  readonly #server: WebSocketServer;
  #waiting: (() => void)[] = [];

  constructor(server: WebSocketServer, answer: Answer) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.sockets.push(socket);
      socket.on("message", (data: Buffer) => {
        const request = parseRequest(data.toString());
        if (request.type !== "ping") this.asked.push(request);
        const text = answer(request, socket);
        if (text !== undefined) socket.send(text);
        for (const wake of this.#waiting.splice(0)) wake();
      });
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/sub/announce`;
  }

  async hears(count: number): Promise<void> {
    while (this.asked.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

async function trackerThat(answer: Answer): Promise<ScriptedTracker> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  closers.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return new ScriptedTracker(server, answer);
}

function channelTo(url: string, more: { clock?: VirtualClock; timeoutMs?: number } = {}): TrackerChannel {
  const { clock = createSystemClock(), timeoutMs } = more;
  const channel = createWebSocketTrackerChannel(url, { clock, timeoutMs });
  closers.push(() => channel.close());
  return channel;
}

function request(more: Partial<AnnounceRequest> = {}): AnnounceRequest {
  return { infoHash, peerId, uploaded: 0, downloaded: 0, left: 0, numWant: 50, ...more };
}

const reply: Answer = (asked) => {
  if (asked.type !== "announce") return undefined;
  const peers = [
    { peerId: asked.peerId, endpoint: "ws://127.0.0.1:1/peer" },
    { peerId: toWireId("cc".repeat(20) as PeerId), endpoint: "peer" },
    { peerId: toWireId("dd".repeat(20) as PeerId), endpoint: "javascript:alert(1)" },
  ];
  const counts = { intervalSeconds: 90, complete: 1, incomplete: 2 };
  return encodeTrackerMessage({ type: "announce", infoHash: asked.infoHash, ...counts, peers, relays: ["peer"] });
};

const scraped = encodeTrackerMessage({
  type: "scrape",
  files: [{ infoHash: toWireId(infoHash), complete: 1, incomplete: 2, downloaded: 3 }],
});

test("announces, and resolves what the tracker says against the tracker's URL", async () => {
  const tracker = await trackerThat(reply);
  const channel = channelTo(tracker.url);
  const answer = await channel.announce(request({ port: 7000, event: "started", left: undefined }), never);
  const endpoint = tracker.url.replace("/announce", "/peer");
  expect(answer).toEqual({
    intervalSeconds: 90,
    seeds: 1,
    leeches: 2,
    peers: [{ peerId: "cc".repeat(20), endpoint }],
    relays: [endpoint],
  });
  expect(tracker.asked).toMatchObject([
    { type: "announce", port: 7000, event: "started", left: undefined, wantsNotice: true },
  ]);
});

test("uses one socket for all swarms and matches replies by info-hash", async () => {
  const tracker = await trackerThat(reply);
  const channel = channelTo(tracker.url);
  const other = "ee".repeat(20) as InfoHash;
  await Promise.all([channel.announce(request(), never), channel.announce(request({ infoHash: other }), never)]);
  expect(tracker.sockets).toHaveLength(1);
});

test("rejects with the reason that the tracker gives", async () => {
  const tracker = await trackerThat((asked) => {
    if (asked.type !== "announce") return undefined;
    return encodeTrackerMessage({ type: "failure", reason: "not here", action: "announce", infoHash: asked.infoHash });
  });
  await expect(channelTo(tracker.url).announce(request(), never)).rejects.toThrow(/says: not here/);
});

test("scrapes", async () => {
  const tracker = await trackerThat(() => scraped);
  expect(await channelTo(tracker.url).scrape(infoHash, never)).toEqual({ seeds: 1, leeches: 2, completed: 3 });
});

test("says readably that nobody listens", async () => {
  const failure = channelTo("ws://127.0.0.1:1/announce").announce(request(), never);
  await expect(failure).rejects.toThrow(/Cannot reach ws:\/\/127\.0\.0\.1:1\/announce: connect ECONNREFUSED/);
  await expect(failure).rejects.toSatisfy((error) => isShoalError(error, "tracker"));
});

test("rejects an announce that is not answered in time, and opens a new line for the next one", async () => {
  const clock = new VirtualClock();
  let isMute = true;
  const tracker = await trackerThat((asked, socket) => (isMute ? undefined : reply(asked, socket)));
  const channel = channelTo(tracker.url, { clock });
  const failure = expect(channel.announce(request(), never)).rejects.toThrow(/did not answer within 15 s/);
  await tracker.hears(1);
  await clock.advance(15_000);
  await failure;
  isMute = false;
  await channel.announce(request(), never);
  expect(tracker.sockets).toHaveLength(2);
});

test("rejects with aborted when the signal fires", async () => {
  const tracker = await trackerThat(() => undefined);
  const abort = new AbortController();
  const failure = channelTo(tracker.url).announce(request(), abort.signal);
  abort.abort();
  await expect(failure).rejects.toSatisfy((error) => isShoalError(error, "aborted"));
});

test("fails everything that waits when the tracker answers nonsense", async () => {
  const tracker = await trackerThat(() => "<html>");
  await expect(channelTo(tracker.url).announce(request(), never)).rejects.toThrow(/answered nonsense/);
});

test("tells watchers of peers that come unasked, and of a lost line once", async () => {
  const tracker = await trackerThat(reply);
  const channel = channelTo(tracker.url);
  const peers: TrackerPeer[] = [];
  const relays: string[] = [];
  let losses = 0;
  const lost = new Promise<void>((resolve) => {
    channel.watch(infoHash, {
      onPeers: (told) => peers.push(...told),
      onRelays: (told) => relays.push(...told),
      onLost: () => {
        losses++;
        resolve();
      },
    });
  });
  await channel.announce(request(), never);
  const told = { peerId: toWireId("ff".repeat(20) as PeerId), endpoint: "tcp://10.0.0.1:6881" };
  const notice = { type: "peers", infoHash: toWireId(infoHash), peers: [told], relays: ["peer", "http://x/"] } as const;
  tracker.sockets[0]?.send(encodeTrackerMessage(notice));
  tracker.sockets[0]?.close();
  await lost;
  expect(peers).toEqual([{ peerId: "ff".repeat(20), endpoint: "tcp://10.0.0.1:6881" }]);
  expect(relays).toEqual([new URL("peer", tracker.url).href]);
  await channel.announce(request(), never);
  expect(losses).toBe(1);
});

test("reports held pieces once registered, what comes quickly in one message", async () => {
  const clock = new VirtualClock();
  const tracker = await trackerThat(reply);
  const channel = channelTo(tracker.url, { clock });
  channel.have(infoHash, { kind: "bitfield", bytes: Uint8Array.of(0x80) });
  await channel.announce(request(), never);
  channel.have(infoHash, { kind: "indexes", pieces: [1] });
  channel.have(infoHash, { kind: "indexes", pieces: [2, 1] });
  await tracker.hears(2);
  await clock.advance(5_000);
  await tracker.hears(3);
  expect(tracker.asked.slice(1)).toEqual([
    { type: "have", infoHash: toWireId(infoHash), pieces: { kind: "bitfield", bytes: Uint8Array.of(0x80) } },
    { type: "have", infoHash: toWireId(infoHash), pieces: { kind: "indexes", pieces: [1, 2] } },
  ]);
});

test("puts pieces that come behind a statement of all into that", async () => {
  const clock = new VirtualClock();
  const tracker = await trackerThat(reply);
  const channel = channelTo(tracker.url, { clock });
  const lost = Uint8Array.of(0x7f, 0xff);
  await channel.announce(request(), never);
  for (const bytes of [lost, lost]) channel.have(infoHash, { kind: "bitfield", bytes });
  channel.have(infoHash, { kind: "indexes", pieces: [0] });
  await tracker.hears(2);
  await clock.advance(5_000);
  await tracker.hears(3);
  expect(tracker.asked.slice(1)).toEqual([
    { type: "have", infoHash: toWireId(infoHash), pieces: { kind: "bitfield", bytes: lost } },
    { type: "have", infoHash: toWireId(infoHash), pieces: { kind: "bitfield", bytes: Uint8Array.of(0xff, 0xff) } },
  ]);
});

test("gives up a line that falls silent within a minute, however young it is", async () => {
  const clock = new VirtualClock();
  let pings = 0;
  const tracker = await trackerThat((asked, socket) => {
    if (asked.type === "scrape") return scraped;
    if (asked.type !== "ping") return reply(asked, socket);
    return ++pings === 1 ? encodeTrackerMessage(asked) : undefined;
  });
  const channel = channelTo(tracker.url, { clock });
  await channel.announce(request(), never);
  const lost = new Promise<void>((resolve) => channel.watch(infoHash, { onPeers: () => undefined, onLost: resolve }));
  // Answered after the ping, so then the channel knows that this tracker answers pings.
  await channel.scrape(infoHash, never);
  await clock.advance(60_000);
  await lost;
});

test("keeps a line to a tracker that never answers a ping", async () => {
  const clock = new VirtualClock();
  const tracker = await trackerThat(reply);
  const channel = channelTo(tracker.url, { clock });
  await channel.announce(request(), never);
  await clock.advance(600_000);
  await channel.announce(request(), never);
  expect(tracker.sockets).toHaveLength(1);
});

test("takes a complaint about a ping for an answer to it", async () => {
  const clock = new VirtualClock();
  const tracker = await trackerThat((asked, socket) => {
    if (asked.type !== "ping") return reply(asked, socket);
    return encodeTrackerMessage({ type: "failure", reason: "invalid action", action: undefined, infoHash: undefined });
  });
  const channel = channelTo(tracker.url, { clock });
  await channel.announce(request(), never);
  await channel.announce(request(), never);
  await clock.advance(25_000);
  await channel.announce(request(), never);
});

test("rejects everything once closed", async () => {
  const tracker = await trackerThat(reply);
  const channel = channelTo(tracker.url);
  await channel.announce(request(), never);
  await channel.close();
  await expect(channel.announce(request(), never)).rejects.toThrow(/was closed/);
});
