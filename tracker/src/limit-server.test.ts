import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { expect, test } from "vitest";
import { limitServer, SERVER_OPTIONS } from "./limit-server.js";
import { HEADERS_TIMEOUT_MS, MAX_SILENT_CONNECTIONS, REQUEST_TIMEOUT_MS } from "./limits.js";

test("keeps so many connections that have asked for nothing; beyond it the oldest makes room", async () => {
  const server = createServer(SERVER_OPTIONS, (_request, response) => response.end("ok"));
  limitServer(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const open = async (): Promise<Socket> => {
    const accepted = once(server, "connection");
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    await accepted;
    return socket;
  };
  const sockets: Socket[] = [];
  try {
    const speaker = await open();
    sockets.push(speaker);
    speaker.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(speaker, "data");
    for (let count = 0; count < MAX_SILENT_CONNECTIONS; count++) sockets.push(await open());
    const oldest = sockets[1]!;
    const isAlive = (): boolean => !oldest.destroyed && oldest.readyState === "open";
    expect(isAlive()).toBe(true);
    const closed = once(oldest.resume(), "close");
    sockets.push(await open());
    await closed;
    speaker.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(speaker, "data");
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

test("gives headers and requests as much time as the limits say", () => {
  const server = createServer(SERVER_OPTIONS);
  limitServer(server);
  expect([server.headersTimeout, server.requestTimeout]).toEqual([HEADERS_TIMEOUT_MS, REQUEST_TIMEOUT_MS]);
});
