import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { ConnectionRecorder } from "@shoal/peer-core/testing";
import { afterEach, describe, expect, it } from "vitest";
import { BITTORRENT, HANDSHAKE, peerServerScene, waitFor } from "./peer-server-scene.js";

const { accepted, sockets, start, open, openTcp, close } = peerServerScene(
  (connection) => new ConnectionRecorder(connection),
);

afterEach(close);

describe("listenForPeers, of sockets that are no WebSockets or not yet", () => {
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
});
