import { once } from "node:events";
import { encodeRequest } from "@shoal/peer-core/announce";
import type { WireId } from "@shoal/peer-core/announce";
import { expect, test } from "vitest";
import type { WebSocket } from "ws";
import {
  MAX_FRAGMENTS,
  MAX_HAVE_MESSAGE_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_PROTOCOL_ERRORS,
  MAX_SOCKETS_PER_ADDRESS,
  NEW_SOCKETS_PER_SECOND,
} from "./limits.js";
import { ask, closeOf, FrontendBench as Bench, ping, useFrontendBenches } from "./testing/frontend-bench.js";

useFrontendBenches();

test("echoes pings, and answers in binary frames what came in binary frames as well", async () => {
  const socket = await (await new Bench().start()).open();
  expect(await ask(socket, ping)).toEqual({ action: "ping" });
  const heard = once(socket, "message");
  socket.send(Buffer.from(ping), { binary: true });
  expect(((await heard) as [Buffer])[0].toString()).toBe(ping);
});

test("answers malformed messages with a reason, and closes at the third", async () => {
  const socket = await (await new Bench().start()).open();
  for (let error = 1; error < MAX_PROTOCOL_ERRORS; error++) {
    expect(await ask(socket, "{")).toMatchObject({ "failure reason": "Expected a message in JSON" });
  }
  expect(await ask(socket, ping)).toEqual({ action: "ping" });
  const closed = closeOf(socket);
  socket.send("[]");
  expect(await closed).toBe(1002);
});

test("takes a message of 64 KiB and none longer, but for reports of pieces, which may have 256 KiB", async () => {
  const socket = await (await new Bench().start()).open();
  const pad = (length: number): string => `{"action":"ping","x":"${"x".repeat(length - 24)}"}`;
  expect(await ask(socket, pad(MAX_MESSAGE_BYTES))).toEqual({ action: "ping" });
  expect(await ask(socket, pad(MAX_MESSAGE_BYTES + 1))).toMatchObject({
    "failure reason": expect.stringMatching(/at most/) as unknown,
  });
  const have = encodeRequest({ type: "have", infoHash: "h".repeat(20) as WireId, pieces: { kind: "all" } });
  socket.send(have + " ".repeat(MAX_HAVE_MESSAGE_BYTES - have.length));
  expect(await ask(socket, ping)).toEqual({ action: "ping" });
  const closed = closeOf(socket);
  socket.send(" ".repeat(MAX_HAVE_MESSAGE_BYTES + 1));
  expect(await closed).toBe(1009);
});

test("takes a message of 8 fragments and none of 9", async () => {
  const bench = await new Bench().start();
  const inFragments = (socket: WebSocket, count: number): void => {
    for (let sent = 1; sent < count; sent++) socket.send(sent === 1 ? ping : " ", { fin: false });
    socket.send(" ", { fin: true });
  };
  const socket = await bench.open();
  const heard = once(socket, "message");
  inFragments(socket, MAX_FRAGMENTS);
  await heard;
  const closed = closeOf(socket);
  inFragments(socket, MAX_FRAGMENTS + 1);
  expect(await closed).toBe(1008);
});

test("opens so many new sockets a second for one address, and exempts plain loopback", async () => {
  const bench = await new Bench().start();
  for (let count = 0; count < NEW_SOCKETS_PER_SECOND; count++) expect(await bench.tryOpen("8.8.8.8")).toBe("open");
  expect(await bench.tryOpen("8.8.8.8")).toBe("429");
  expect(await bench.tryOpen("8.8.4.4")).toBe("open");
  for (let count = 0; count <= NEW_SOCKETS_PER_SECOND; count++) await bench.open();
  bench.now += 1_000;
  expect(await bench.tryOpen("8.8.8.8")).toBe("open");
});

test("opens so many sockets for one address and no more until one closes", async () => {
  const bench = await new Bench().start();
  const sockets: WebSocket[] = [];
  for (let count = 0; count < MAX_SOCKETS_PER_ADDRESS; count++) {
    bench.now += 1_000;
    sockets.push(await bench.open("2600::1"));
  }
  bench.now += 1_000;
  expect(await bench.tryOpen("2600::2")).toBe("429");
  sockets[0]?.close();
  while (bench.frontend.socketCount === MAX_SOCKETS_PER_ADDRESS) await ask(sockets[1]!, ping);
  // The place is free once the socket beneath has closed too.
  while ((await bench.tryOpen("2600::2")) !== "open") bench.now += 1_000;
});

test("opens so many sockets in all", async () => {
  const bench = await new Bench(2).start();
  await bench.open();
  await bench.open();
  await expect(bench.open()).rejects.toThrow("429");
});
