import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createWebSocketDialer, type CloseReason, type Connection } from "@shoal/peer-core/platform";
import { ConnectionRecorder } from "@shoal/peer-core/testing";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, type ClientOptions } from "ws";
import { listenForPeers, type PeerServer, type PeerServerOptions } from "./peer-server.js";

const HANDSHAKE = new Uint8Array(68);
const BITTORRENT = Buffer.from("\x13BitTorrent protocol".padEnd(68, "x"), "latin1");

describe("listenForPeers", () => {
  let server: PeerServer | undefined;
  let accepted: ConnectionRecorder[] = [];
  const sockets: (WebSocket | Socket)[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) {
      if (socket instanceof WebSocket) socket.terminate();
      else socket.destroy();
    }
    await server?.close();
    server = undefined;
    accepted = [];
  });

  async function start(options: Partial<PeerServerOptions> = {}): Promise<PeerServer> {
    const onConnection = (connection: Connection): void => void accepted.push(new ConnectionRecorder(connection));
    server = await listenForPeers({ port: 0, host: "127.0.0.1", onConnection, ...options });
    return server;
  }

  function dial(port: number, options: ClientOptions = {}, path = "/peer", protocols: string[] = []): WebSocket {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, options);
    socket.on("error", () => undefined);
    sockets.push(socket);
    return socket;
  }

  async function openTcp(port: number): Promise<Socket> {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => undefined).resume();
    await once(socket, "connect");
    return socket;
  }

  async function open(port: number, options?: ClientOptions, path?: string, protocols?: string[]): Promise<WebSocket> {
    const socket = dial(port, options, path, protocols);
    await once(socket, "open");
    return socket;
  }

  /** The HTTP status of a refused upgrade. */
  async function refusal(port: number, options?: ClientOptions, path?: string): Promise<number | undefined> {
    const socket = dial(port, options, path);
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode?: number }];
    return response.statusCode;
  }

  async function closeOf(socket: WebSocket): Promise<Pick<CloseReason, "code" | "message">> {
    const [code, message] = (await once(socket, "close")) as [number, Buffer];
    return { code, message: message.toString() };
  }

  it("answers plain requests with 426 and a word of explanation", async () => {
    const { port } = await start();
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(response.status).toBe(426);
    expect(await response.text()).toContain("BitTorrent");
  });

  it("takes peers at any path that ends in /peer and refuses others with 404", async () => {
    const { port } = await start();
    await open(port, {}, "/some/where/peer");
    await open(port, {}, "/peer?from=link");
    expect(await refusal(port, {}, "/announce")).toBe(404);
    expect(await refusal(port, {}, "/peers")).toBe(404);
    expect(await refusal(port, {}, "/?x=/peer")).toBe(404);
  });

  it("chooses the subprotocol when it is offered and accepts its absence", async () => {
    const { port } = await start();
    expect((await open(port, {}, "/peer", ["other", "bittorrent"])).protocol).toBe("bittorrent");
    expect((await open(port)).protocol).toBe("");
  });

  it("never compresses, even when asked to", async () => {
    const { port } = await start();
    expect((await open(port, { perMessageDeflate: true })).extensions).toBe("");
  });

  it("closes with 1002 after a text frame", async () => {
    const { port } = await start();
    const socket = await open(port);
    socket.send("hello");
    expect(await closeOf(socket)).toMatchObject({ code: 1002 });
    expect(accepted[0]?.length).toBe(0);
  });

  it("closes a peer that sends a message beyond 2 MiB, and says that it was the peer's fault", async () => {
    const { port } = await start();
    const socket = await open(port);
    socket.send(new Uint8Array(2 * 1024 * 1024));
    await waitFor(() => accepted[0]?.length === 2 * 1024 * 1024);
    socket.send(new Uint8Array(2 * 1024 * 1024 + 1));
    expect(await closeOf(socket)).toMatchObject({ code: 1009 });
    await waitFor(() => accepted[0]?.isClosed === true);
    expect(accepted[0]?.closed).toMatchObject([{ code: 1002, remote: false }]);
  });

  it("closes a peer that cuts a message into more than a thousand fragments", async () => {
    const { port } = await start();
    const socket = await open(port);
    for (let i = 0; i < 1_025; i++) socket.send(new Uint8Array(10), { fin: false });
    await closeOf(socket);
    await waitFor(() => accepted[0]?.isClosed === true);
    expect(accepted[0]?.closed).toMatchObject([{ code: 1002, remote: false }]);
  });

  it("closes with 4005 who sends no handshake in time, and only those", async () => {
    const { port } = await start({ handshakeTimeoutMs: 100 });
    const peer = await open(port);
    peer.send(HANDSHAKE.subarray(0, 40));
    peer.send(HANDSHAKE.subarray(40));
    const slow = await open(port);
    slow.send(HANDSHAKE.subarray(0, 67));
    const mute = await open(port);
    expect(await Promise.all([closeOf(slow), closeOf(mute)])).toMatchObject([{ code: 4005 }, { code: 4005 }]);
    expect(peer.readyState).toBe(WebSocket.OPEN);
  });

  it("limits strangers, whom a proxy on this machine tells apart, and not this machine", async () => {
    const server = await start({ limits: { perAddress: 2 } });
    const { port } = server;
    const stranger: ClientOptions = { headers: { "X-Forwarded-For": "198.51.100.7" } };
    const first = await open(port, stranger);
    await open(port, stranger);
    expect(await refusal(port, stranger)).toBe(503);
    await open(port, { headers: { "X-Forwarded-For": "198.51.100.8" } });
    for (let i = 0; i < 5; i++) await open(port);
    first.close();
    await waitFor(() => server.counts.open === 7);
    await open(port, stranger);
    expect(server.counts).toMatchObject({ open: 8, refused: 1 });
  });

  it("tells the core the address that limits count by", async () => {
    const remotes: (string | undefined)[] = [];
    const { port } = await start({ onConnection: (connection) => remotes.push(connection.remoteAddress) });
    await open(port, { headers: { "X-Forwarded-For": "198.51.100.7" } });
    await open(port);
    await waitFor(() => remotes.length === 2);
    expect(remotes).toEqual(["198.51.100.7", "127.0.0.1"]);
  });

  it("takes peers that speak plain BitTorrent, however their handshake is cut", async () => {
    const { port } = await start();
    for (const cut of [1, 20, 67]) {
      const socket = await openTcp(port);
      socket.write(BITTORRENT.subarray(0, cut));
      await waitFor(() => socket.bytesWritten === cut);
      socket.write(BITTORRENT.subarray(cut));
    }
    await waitFor(() => accepted.length === 3 && accepted.every((peer) => peer.length === 68));
    expect(accepted.map((peer) => Buffer.from(peer.received))).toEqual([BITTORRENT, BITTORRENT, BITTORRENT]);
  });

  it("closes at once what is neither BitTorrent nor HTTP, such as an encrypted handshake", async () => {
    const server = await start();
    for (const first of [0x00, 0x12, 0x14, 0x40, 0x5b, 0xff]) {
      const socket = await openTcp(server.port);
      socket.write(Buffer.alloc(96, first));
      await once(socket, "close");
    }
    expect(accepted).toEqual([]);
    expect(server.counts).toEqual({ open: 0, withoutHandshake: 0, refused: 0 });
  });

  it("closes who opens a connection and says nothing, or stops in the middle of a plain handshake", async () => {
    const { port } = await start({ handshakeTimeoutMs: 100 });
    const mute = await openTcp(port);
    const slow = await openTcp(port);
    slow.write(BITTORRENT.subarray(0, 67));
    const peer = await openTcp(port);
    peer.write(BITTORRENT);
    await Promise.all([once(mute, "close"), once(slow, "close")]);
    await waitFor(() => accepted.some((each) => each.isClosed));
    expect(accepted.filter((each) => !each.isClosed).map((each) => each.length)).toEqual([68]);
  });

  it("closes who stops in the middle of an HTTP request", async () => {
    const { port } = await start({ handshakeTimeoutMs: 100 });
    for (const text of ["G", "GET /peer HTTP/1.1\r\nHost: x\r\nX-Slow: "]) {
      const socket = await openTcp(port);
      socket.write(text);
      await once(socket, "close");
    }
  });

  it("stops at once while others say nothing, or are in the middle of an HTTP request", async () => {
    const server = await start({ handshakeTimeoutMs: 3_600_000 });
    const dawdling = [await openTcp(server.port), await openTcp(server.port)];
    dawdling[1]?.write("GET /peer HTTP/1.1\r\n");
    const plain = await openTcp(server.port);
    plain.write(BITTORRENT);
    await waitFor(() => accepted.length === 1);
    const closed = dawdling.map((socket) => once(socket, "close"));
    await server.close();
    await Promise.all(closed);
  });

  it("counts plain links and WebSockets together, and drops those beyond the limit", async () => {
    const server = await start({ limits: { total: 2 } });
    await open(server.port);
    const second = await openTcp(server.port);
    second.write(BITTORRENT);
    await waitFor(() => accepted.length === 2);
    const third = await openTcp(server.port);
    third.write(BITTORRENT);
    await once(third, "close");
    expect(server.counts).toMatchObject({ open: 2, refused: 1 });
  });

  it(
    "goes on taking peers of both kinds after a thousand sockets that reset at every point",
    { timeout: 30_000 },
    async () => {
      const { port } = await start();
      for (let i = 0; i < 1_000; i++) {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => undefined);
        await once(socket, "connect");
        if (i % 4 > 0) socket.write(i % 4 === 1 ? BITTORRENT.subarray(0, i % 69) : "GET /peer HTTP/1.1\r\n");
        if (i % 3 > 0) socket.resetAndDestroy();
        else socket.destroy();
      }
      const before = accepted.length;
      const peer = await openTcp(port);
      peer.write(BITTORRENT);
      await open(port);
      await waitFor(() => accepted.length >= before + 2);
    },
  );

  it("takes in nobody who has reset before, and whose address the system has forgotten", async () => {
    const { port } = await start();
    const upgrade =
      "GET /peer HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    for (const text of [BITTORRENT.toString("latin1"), upgrade]) {
      const program = `const socket = require("node:net").connect(${port}, "127.0.0.1", () =>
        socket.write(${JSON.stringify(text)}, "latin1", () => socket.resetAndDestroy()))`;
      // While this process waits for that one, it takes in nobody.
      execFileSync(process.execPath, ["-e", program]);
    }
    const peer = await openTcp(port);
    peer.write(Buffer.concat([BITTORRENT, HANDSHAKE]));
    await waitFor(() => accepted.some((each) => each.length === 136));
    expect(accepted).toHaveLength(1);
  });

  it("survives sockets that send nonsense or reset in the middle of an upgrade", async () => {
    const { port } = await start();
    const upgrade =
      "GET /peer HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    for (const text of [
      "\x13BitTorrent protocol",
      "GET",
      `${upgrade}\r\n`,
      upgrade + key,
      `${upgrade}${key}\xff\xff\xff\xff`,
    ]) {
      const socket = connect(port, "127.0.0.1");
      sockets.push(socket);
      socket.on("error", () => undefined);
      await once(socket, "connect");
      socket.write(text, "latin1");
      socket.resetAndDestroy();
      await once(socket, "close");
    }
    await open(port);
    await waitFor(() => accepted.filter((recorder) => !recorder.isClosed).length === 1);
  });

  it("goes on taking peers while a thousand sockets dawdle", async () => {
    const { port } = await start();
    const dawdling = Array.from({ length: 1000 }, () => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      sockets.push(socket);
      return socket;
    });
    await Promise.all(dawdling.map((socket) => once(socket, "connect")));
    for (const socket of dawdling) socket.write("GET /peer HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    const peer = await open(port);
    peer.send(HANDSHAKE);
    await waitFor(() => accepted[0]?.length === 68);
  });

  it("closes all links with 4006 when it stops, and refuses who comes then", async () => {
    const { port } = await start();
    const dialer = createWebSocketDialer();
    const links: ConnectionRecorder[] = [];
    for (let i = 0; i < 5; i++) {
      links.push(
        new ConnectionRecorder(await dialer.dial(`ws://127.0.0.1:${port}/peer`, new AbortController().signal)),
      );
    }
    await waitFor(() => accepted.length === 5);
    await server?.close();
    await waitFor(() => links.every((link) => link.isClosed));
    for (const link of links) expect(link.closed).toEqual([{ code: 4006, message: "Shutting down", remote: true }]);
    for (const { closed } of accepted) expect(closed).toMatchObject([{ code: 4006, remote: false }]);
    const late = dialer.dial(`ws://127.0.0.1:${port}/peer`, new AbortController().signal);
    await expect(late).rejects.toMatchObject({ code: "connection" });
  });

  it("says when the port is taken", async () => {
    const { port } = await start();
    const second = listenForPeers({ port, host: "127.0.0.1", onConnection: () => undefined });
    await expect(second).rejects.toMatchObject({ code: "connection" });
    await expect(second).rejects.toThrow(`Port ${port} is taken`);
  });
});

/** Lets the event loop turn until `holds` does; the runner's time limit ends it. */
async function waitFor(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
