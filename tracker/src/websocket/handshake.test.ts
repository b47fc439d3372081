import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { answerHandshake } from "./handshake.js";

const server = createServer();
let accepted: boolean[] = [];

beforeEach(async () => {
  accepted = [];
  server.on("upgrade", (request, socket) => {
    const isOpen = answerHandshake(request, socket);
    accepted.push(isOpen);
    if (isOpen) socket.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  server.removeAllListeners("upgrade");
  server.close();
  await once(server, "close");
});

const HANDSHAKE = {
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  // The example of RFC 6455, section 1.3.
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** All that is answered to an upgrade with these headers until the other side closes. */
async function ask(headers: Record<string, string>, method = "GET"): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const lines = Object.entries({ Host: "x", Connection: "Upgrade", ...headers }).map(
    ([name, text]) => `${name}: ${text}`,
  );
  socket.write(`${method} /announce HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  const answered: Buffer[] = [];
  for await (const part of socket) answered.push(part as Buffer);
  return Buffer.concat(answered).toString("latin1");
}

test("accepts with the key's digest, and the first subprotocol that was offered", async () => {
  const answer = await ask(HANDSHAKE);
  expect(answer).toMatch(/^HTTP\/1\.1 101 /);
  expect(answer).toContain("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
  expect(answer).not.toMatch(/Protocol:/);
  expect(await ask({ ...HANDSHAKE, "Sec-WebSocket-Protocol": "one, two" })).toContain(
    "\r\nSec-WebSocket-Protocol: one\r\n",
  );
  expect(accepted).toEqual([true, true]);
});

test.each<[string, Record<string, string>, string, string]>([
  ["another method", HANDSHAKE, "POST", "405"],
  ["another protocol", { ...HANDSHAKE, Upgrade: "h2c" }, "GET", "400"],
  ["a key that is none", { ...HANDSHAKE, "Sec-WebSocket-Key": "short" }, "GET", "400"],
  ["a version that nobody speaks", { ...HANDSHAKE, "Sec-WebSocket-Version": "12" }, "GET", "400"],
  ["a subprotocol that is no token", { ...HANDSHAKE, "Sec-WebSocket-Protocol": "a b" }, "GET", "400"],
])("refuses %s", async (_, headers, method, status) => {
  expect(await ask(headers, method)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(accepted).toEqual([false]);
});
