import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { encodeRequest } from "@shoal/peer-core/announce";
import type { WireId } from "@shoal/peer-core/announce";
import { expect, test } from "vitest";
import { CLOSE_MS, DEAD_MS, IDLE_MS, MAX_PROTOCOL_ERRORS, PING_MS } from "./limits.js";
import { ask, closeOf, FrontendBench as Bench, ping, useFrontendBenches } from "./testing/frontend-bench.js";

useFrontendBenches();

test("pings after 25 s, and cuts off who does not answer for 60 s", async () => {
  const bench = await new Bench().start();
  const socket = await bench.open();
  const pinged = once(socket, "ping");
  bench.now += PING_MS;
  bench.frontend.tend();
  await pinged;
  const closed = closeOf(socket);
  bench.now += DEAD_MS - PING_MS;
  bench.frontend.tend();
  expect(bench.frontend.socketCount).toBe(1);
  bench.now += 1;
  bench.frontend.tend();
  expect(await closed).toBe(1006);
});

test("closes who answers pings but says nothing for 10 minutes", async () => {
  const bench = await new Bench().start();
  const socket = await bench.open();
  const closed = closeOf(socket);
  for (let silent = PING_MS; silent <= IDLE_MS; silent += PING_MS) {
    bench.now += PING_MS;
    const pinged = once(socket, "ping");
    bench.frontend.tend();
    await pinged;
    socket.pong();
    // Frames arrive in order: when this one is answered, the one before has been heard.
    const answered = once(socket, "pong");
    socket.ping();
    await answered;
  }
  bench.now += 1;
  bench.frontend.tend();
  expect(await closed).toBe(1000);
});

/** A socket that reads nothing unless told to. */
async function openDeaf(bench: Bench): Promise<Socket> {
  const deaf = connect(bench.port, "127.0.0.1");
  bench.atEnd(() => deaf.destroy());
  deaf.on("error", () => undefined);
  deaf.write(
    "GET /announce HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  );
  await once(deaf, "readable");
  return deaf;
}

/** A request of 1.5 KB whose answer has three times as much. */
function bigScrape(): string {
  const hashes = Array.from({ length: 64 }, (_, index) => String(index).padStart(20, "h") as WireId);
  return encodeRequest({ type: "scrape", infoHashes: hashes });
}

function maskedFrame(first: number, text: string): Buffer {
  return Buffer.concat([
    Buffer.from([first, 0xfe, text.length >> 8, text.length & 255, 0, 0, 0, 0]),
    Buffer.from(text),
  ]);
}

test("cuts off a reader that takes nothing, and goes on for the others", async () => {
  const bench = await new Bench().start();
  const deaf = await openDeaf(bench);
  const other = await bench.open();
  expect(bench.frontend.socketCount).toBe(2);
  const frame = maskedFrame(0x81, bigScrape());
  while (bench.frontend.socketCount === 2) {
    deaf.write(frame);
    expect(await ask(other, ping)).toEqual({ action: "ping" });
    bench.now += 100;
    bench.frontend.tend();
  }
  expect(bench.frontend.socketCount).toBe(1);
});

test("stops reading from a slow reader, and reads on once that has caught up", async () => {
  const bench = await new Bench().start();
  const [slow, other] = [await openDeaf(bench), await bench.open()];
  // More than the system's buffers take: the tracker stops reading somewhere in between.
  const count = 6_000;
  const request = maskedFrame(0x81, bigScrape());
  for (let sent = 0; sent < count; sent++) slow.write(request);
  for (let waiting = -1; waiting !== slow.writableLength;) {
    waiting = slow.writableLength;
    for (let turn = 0; turn < 20; turn++) await ask(other, ping);
  }
  expect(slow.writableLength).toBeGreaterThan(0);
  const heard = once(other, "message");
  other.send(bigScrape());
  const [answer] = (await heard) as [Buffer];
  let missing = count * (answer.length + 4);
  slow.on("data", (bytes: Buffer) => (missing -= bytes.length));
  while (missing > 0) {
    expect(await ask(other, ping)).toEqual({ action: "ping" });
    bench.frontend.tend();
  }
});

test("cuts off who does not agree to a close within 30 s", async () => {
  const bench = await new Bench().start();
  const deaf = await openDeaf(bench);
  const closed = once(deaf, "close");
  const answered = new Promise<void>((resolve) => {
    deaf.on("data", (bytes: Buffer) => {
      if (bytes.includes("Too many malformed messages")) resolve();
    });
  });
  for (let error = 0; error < MAX_PROTOCOL_ERRORS; error++) deaf.write(maskedFrame(0x81, "{".repeat(200)));
  await answered;
  bench.now += CLOSE_MS;
  bench.frontend.tend();
  expect(bench.frontend.socketCount).toBe(1);
  bench.now += 1;
  bench.frontend.tend();
  await closed;
});
