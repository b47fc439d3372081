import { createWebSocketDialer } from "@shoal/peer-core/platform";
import { ConnectionRecorder } from "@shoal/peer-core/testing";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, type ClientOptions } from "ws";
import { closeOf, HANDSHAKE, peerServerScene, waitFor } from "./peer-server-scene.js";
import { listenForPeers } from "./peer-server.js";

const { accepted, start, open, refusal, close } = peerServerScene((connection) => new ConnectionRecorder(connection));

afterEach(close);

describe("listenForPeers", () => {
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

  it("closes all links with 4006 when it stops, and refuses who comes then", async () => {
    const server = await start();
    const { port } = server;
    const dialer = createWebSocketDialer();
    const links: ConnectionRecorder[] = [];
    for (let i = 0; i < 5; i++) {
      links.push(
        new ConnectionRecorder(await dialer.dial(`ws://127.0.0.1:${port}/peer`, new AbortController().signal)),
      );
    }
    await waitFor(() => accepted.length === 5);
    await server.close();
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
