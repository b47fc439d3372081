import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { createSystemClock, createWebSocketTrackerChannel, type Connection } from "@shoal/peer-core/platform";
import { ConnectionRecorder } from "@shoal/peer-core/testing";
import { fromHex, infoHashFromBytes, peerIdFromBytes } from "@shoal/peer-core/torrent";
import { createTracker } from "@shoal/tracker";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createOwnRelayChannel, OWN_ENDPOINT } from "../relay/own-relay-channel.js";
import { makeShare } from "../storage/share-fixture.js";
import { startHub, type Hub, type HubOptions } from "./hub.js";

const BITTORRENT = Buffer.from("\x13BitTorrent protocol".padEnd(68, "x"), "latin1");
const never = new AbortController().signal;

describe("a hub", () => {
  let hub: Hub | undefined;
  let accepted: ConnectionRecorder[] = [];
  const sockets: (Socket | WebSocket)[] = [];
  const tracker = () => createTracker({ relays: [OWN_ENDPOINT] });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) {
      if (socket instanceof WebSocket) socket.terminate();
      else socket.destroy();
    }
    await hub?.close();
    hub = undefined;
    accepted = [];
  });

  async function start(options: Partial<HubOptions> = {}): Promise<string> {
    hub = await startHub({
      host: "127.0.0.1",
      port: 0,
      tracker: tracker(),
      page: (_request, response) => void response.end("the page"),
      describe: () => ({ version: "1" }),
      peers: {
        onConnection: (connection: Connection) => void accepted.push(new ConnectionRecorder(connection)),
        handshakeTimeoutMs: 300,
      },
      ...options,
    });
    return `127.0.0.1:${hub.port}`;
  }

  function dial(url: string): WebSocket {
    const socket = new WebSocket(url);
    socket.on("error", () => undefined);
    sockets.push(socket);
    return socket;
  }

  async function openTcp(host: string): Promise<Socket> {
    const socket = connect(Number(host.split(":")[1]), "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  }

  it("lets peers in over WebSocket at any path that ends in /peer and over TCP, beside everything else", async () => {
    const host = await start();
    for (const path of ["peer", "some/where/peer"]) {
      const socket = dial(`ws://${host}/${path}`);
      await once(socket, "open");
      socket.send(BITTORRENT);
    }
    (await openTcp(host)).write(BITTORRENT);
    await waitFor(() => accepted.length === 3 && accepted.every(({ length }) => length === BITTORRENT.length));
    expect(hub?.links).toEqual({ open: 3, withoutHandshake: 0, refused: 0 });
    expect(await (await fetch(`http://${host}/`)).text()).toBe("the page");
    expect(await (await fetch(`http://${host}/sub/api/hub`)).json()).toEqual({ version: "1" });
    expect((await fetch(`http://${host}/health`)).status).toBe(200);
    const lost = dial(`ws://${host}/elsewhere`);
    const [, response] = (await once(lost, "unexpected-response")) as [unknown, { statusCode?: number }];
    expect(response.statusCode).toBe(404);
  });

  it("names its relay to everybody relative to the URL by which it was reached, and lists it nowhere else", async () => {
    const host = await start();
    const channel = (path: string) =>
      createWebSocketTrackerChannel(`ws://${host}${path}`, { clock: createSystemClock() });
    const infoHash = infoHashFromBytes(new Uint8Array(20).fill(1));
    const announce = (peer: number) => ({
      infoHash,
      peerId: peerIdFromBytes(new Uint8Array(20).fill(peer)),
      uploaded: 0,
      downloaded: 0,
      left: 1,
      numWant: 9,
      port: 1,
    });
    const own = createOwnRelayChannel(channel("/announce"));
    const visitor = channel("/below/announce");
    await own.announce(announce(2), never);
    const reply = await visitor.announce(announce(3), never);
    expect(reply).toMatchObject({ relays: [`ws://${host}/below/peer`], leeches: 2 });
    expect(reply.peers).toEqual([]);
    await Promise.all([own.close(), visitor.close()]);
  });

  it("knows what is published, and its exact bytes", async () => {
    const mounted = tracker();
    const host = await start({ tracker: mounted });
    const { metainfo } = await makeShare("a", 9);
    expect(await mounted.isPublished(metainfo.infoHash)).toBe(false);
    expect(await mounted.publishedInfo(metainfo.infoHash)).toBeUndefined();
    await fetch(`http://${host}/api/torrents?searchable=0`, {
      method: "POST",
      headers: { "Content-Type": "application/x-bittorrent" },
      body: new Blob([Uint8Array.from(metainfo.infoBytes)]),
    });
    expect(await mounted.isPublished(metainfo.infoHash)).toBe(true);
    expect(Buffer.from((await mounted.publishedInfo(metainfo.infoHash)) ?? "")).toEqual(
      Buffer.from(metainfo.infoBytes),
    );
    const other = infoHashFromBytes(fromHex("ab".repeat(20)) ?? new Uint8Array());
    expect(await mounted.isPublished(other)).toBe(false);
  });

  it("cuts off who says nothing, or stops in the middle of a handshake, and not who asks over HTTP", async () => {
    const host = await start();
    const mute = await openTcp(host);
    const slow = await openTcp(host);
    slow.write(BITTORRENT.subarray(0, 60));
    const browser = await openTcp(host);
    browser.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(browser, "data");
    await Promise.all([once(mute.resume(), "close"), once(slow.resume(), "close")]);
    browser.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(browser, "data");
  });

  it("answers who has said all and closed its half, as HTTP allows, and lets go of a peer that does", async () => {
    const host = await start();
    const browser = await openTcp(host);
    browser.end("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(await text(browser)).toContain("the page");
    const peer = await openTcp(host);
    peer.end(BITTORRENT);
    await waitFor(() => accepted[0]?.isClosed === true);
    await waitFor(() => hub?.links?.open === 0);
  });

  it("lets nobody in without a relay", async () => {
    const host = await start({ peers: undefined });
    const socket = dial(`ws://${host}/peer`);
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode?: number }];
    expect([response.statusCode, hub?.links]).toEqual([404, undefined]);
    const plain = await openTcp(host);
    plain.write(BITTORRENT);
    expect(await text(plain)).toContain("400");
  });

  it("closes peers with 4006 and stops though others are silent or in the middle of a request", async () => {
    const host = await start();
    const peer = dial(`ws://${host}/peer`);
    await once(peer, "open");
    const mute = await openTcp(host);
    const asking = await openTcp(host);
    asking.write("GET / HTTP/1.1\r\nHost:");
    const closes = [mute, asking].map((socket) => once(socket.resume(), "close"));
    const closed = once(peer, "close") as Promise<[number]>;
    await hub?.close();
    expect((await closed)[0]).toBe(4006);
    await Promise.all(closes);
  });

  it("says when the port is taken", async () => {
    await start();
    const second = startHub({
      host: "127.0.0.1",
      port: hub?.port ?? 0,
      tracker: tracker(),
      page: () => undefined,
      describe: () => ({}),
      peers: undefined,
    });
    await expect(second).rejects.toMatchObject({ code: "connection" });
  });
});

/** Lets the event loop turn until `holds` does; the runner's time limit ends it. */
async function waitFor(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
