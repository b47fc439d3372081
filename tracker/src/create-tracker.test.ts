import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { encodeRequest, parseTrackerMessage } from "@shoal/peer-core/announce";
import type { AnnounceMessage, TrackerMessage, TrackerRequest, WireId } from "@shoal/peer-core/announce";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { startTracker } from "./start-tracker.js";
import type { RunningTracker } from "./start-tracker.js";

const infoHash = "s".repeat(20) as WireId;
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function tracker(): Promise<RunningTracker> {
  const running = await startTracker({ host: "127.0.0.1", port: 0 });
  closers.push(() => running.close());
  return running;
}

async function listener(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  closers.push(() => server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A peer as a list of what it was told and a promise of the next message that fits. */
class TestPeer {
  readonly told: TrackerMessage[] = [];
  readonly socket: WebSocket;
  #waiting: (() => void)[] = [];

  constructor(port: number) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/announce`);
    this.socket.on("message", (data: Buffer) => {
      const message = parseTrackerMessage(data.toString());
      if (message !== undefined) this.told.push(message);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    closers.push(() => this.socket.terminate());
  }

  async say(request: TrackerRequest): Promise<void> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, "open");
    this.socket.send(encodeRequest(request));
  }

  async hears<T extends TrackerMessage["type"]>(type: T): Promise<Extract<TrackerMessage, { type: T }>> {
    for (;;) {
      const index = this.told.findIndex((message) => message.type === type);
      if (index >= 0) return this.told.splice(index, 1)[0] as Extract<TrackerMessage, { type: T }>;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

function announce(peer: string, more: Partial<AnnounceMessage> = {}): AnnounceMessage {
  return {
    type: "announce",
    infoHash,
    peerId: peer.repeat(20) as WireId,
    uploaded: 0,
    downloaded: 0,
    left: 1,
    event: undefined,
    numWant: 50,
    offers: undefined,
    port: undefined,
    endpoint: undefined,
    isRelay: false,
    wantsNotice: true,
    ...more,
  };
}

test("tells a waiting peer of a newcomer as soon as its port has been checked", async () => {
  const { port } = await tracker();
  const peerPort = await listener();
  const waiting = new TestPeer(port);
  await waiting.say(announce("a"));
  expect(await waiting.hears("announce")).toMatchObject({ complete: 0, incomplete: 1, peers: [] });
  const newcomer = new TestPeer(port);
  await newcomer.say(announce("b", { port: peerPort, left: 0 }));
  expect(await newcomer.hears("announce")).toMatchObject({ complete: 1, incomplete: 1, peers: [] });
  const told = { peerId: "b".repeat(20), endpoint: `ws://127.0.0.1:${peerPort}/peer` };
  expect(await waiting.hears("peers")).toEqual({ type: "peers", infoHash, peers: [told], relays: [] });
  await waiting.say(announce("a"));
  expect(await waiting.hears("announce")).toMatchObject({ complete: 1, incomplete: 1, peers: [told] });
});

test("counts a peer out when its socket closes", async () => {
  const { port } = await tracker();
  const staying = new TestPeer(port);
  const leaving = new TestPeer(port);
  await leaving.say(announce("b"));
  await leaving.hears("announce");
  await staying.say(announce("a"));
  expect(await staying.hears("announce")).toMatchObject({ incomplete: 2 });
  leaving.socket.close();
  await once(leaving.socket, "close");
  // The server may hear of the close after the next message: ask until it has.
  for (let incomplete = 2; incomplete !== 1;) {
    await staying.say({ type: "scrape", infoHashes: [infoHash] });
    incomplete = (await staying.hears("scrape")).files[0]?.incomplete ?? 0;
  }
});
