import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { ConnectionRecorder } from "../testing/connection-recorder.js";
import { WebSocketConnection } from "./websocket-connection.js";

describe("WebSocketConnection", () => {
  const servers: WebSocketServer[] = [];

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      for (const socket of server.clients) socket.terminate();
      server.close();
      await once(server, "close");
    }
  });

  /** A link to a plain `ws` server, and the server's end of it. */
  async function openLink(options: { stallMs?: number } = {}): Promise<{ link: WebSocketConnection; far: WebSocket }> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    servers.push(server);
    await once(server, "listening");
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const opened = once(socket, "open");
    const [far] = (await once(server, "connection")) as [WebSocket];
    await opened;
    return { link: new WebSocketConnection(socket, { label: "test", ...options }), far };
  }

  it("gives up on a side that has stopped reading, once nothing has left for long enough", async () => {
    const { link, far } = await openLink({ stallMs: 150 });
    far.pause();
    const recorder = new ConnectionRecorder(link);
    while (!recorder.isClosed) {
      // Enough to fill what kernels buffer, never so much that the size of the queue would end it.
      if (link.queuedBytes < 1024 * 1024) link.send(new Uint8Array(64 * 1024));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(recorder.closed).toMatchObject([{ code: 1006, remote: true }]);
    expect(recorder.closed[0]?.message).toContain("Nothing has left");
    expect(link.queuedBytes).toBe(0);
  });

  it("does not give up on a side that reads slowly", async () => {
    const { link, far } = await openLink({ stallMs: 100 });
    const recorder = new ConnectionRecorder(link);
    const startedAt = performance.now();
    while (performance.now() - startedAt < 500) {
      far.pause();
      if (link.queuedBytes < 1024 * 1024) link.send(new Uint8Array(64 * 1024));
      await new Promise((resolve) => setImmediate(resolve));
      far.resume();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(recorder.isClosed).toBe(false);
  });

  it("is closed 5 s after it asked, when the other side does not answer", { timeout: 15_000 }, async () => {
    const { link, far } = await openLink();
    far.pause();
    const recorder = new ConnectionRecorder(link);
    const startedAt = performance.now();
    link.close(4001, "self");
    await new Promise<void>((resolve) => (recorder.react = () => resolve()));
    expect(recorder.closed).toEqual([{ code: 4001, message: "self", remote: false }]);
    expect(performance.now() - startedAt).toBeLessThan(6_000);
  });

  it("reads a close without a code as a normal one", async () => {
    const { link, far } = await openLink();
    const recorder = new ConnectionRecorder(link);
    far.close();
    await new Promise<void>((resolve) => (recorder.react = () => resolve()));
    expect(recorder.closed).toEqual([{ code: 1000, message: "", remote: true }]);
  });
});
