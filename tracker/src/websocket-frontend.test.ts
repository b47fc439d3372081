import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { encodeRequest } from "@shoal/peer-core/announce";
import type { WireId } from "@shoal/peer-core/announce";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { clientAddress } from "./address.js";
import { EndpointChecker } from "./endpoint-checker.js";
import { networkDialer } from "./endpoint-dialer.js";
import {
  CLOSE_MS,
  DEAD_MS,
  IDLE_MS,
  MAX_FRAGMENTS,
  MAX_HAVE_MESSAGE_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_PROTOCOL_ERRORS,
  MAX_SOCKETS_PER_ADDRESS,
  NEW_SOCKETS_PER_SECOND,
  PING_MS,
} from "./limits.js";
import { MemorySwarmRegistry } from "./memory-swarm-registry.js";
import { systemSchedule } from "./newcomer-notices.js";
import { RelayDirectory } from "./relay-directory.js";
import { Tracker } from "./tracker.js";
import { WebSocketFrontend } from "./websocket-frontend.js";

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A frontend on a real server, with a clock that the test sets. */
class Bench {
  now = 1_000_000;
  readonly log: string[] = [];
  readonly frontend: WebSocketFrontend;
  readonly #server = createServer();

  constructor(maxSockets = 1_000) {
    const now = (): number => this.now;
    const tracker = new Tracker({
      registry: new MemorySwarmRegistry(),
      checker: new EndpointChecker(networkDialer, now),
      relays: new RelayDirectory(),
      random: Math.random,
      now: () => Math.floor(this.now / 1000),
      schedule: systemSchedule,
      announceSeconds: 0,
    });
    this.frontend = new WebSocketFrontend({ tracker, now, log: (line) => this.log.push(line), maxSockets });
    this.#server.on("upgrade", (request, socket, head) => {
      this.frontend.accept(request, socket, head, clientAddress(request, false)!);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    cleanUps.push(async () => {
      await this.frontend.close(0);
      this.#server.close();
    });
    return this;
  }

  /** Opens a socket, as if it came through a proxy from `address` where given. */
  async open(address?: string): Promise<WebSocket> {
    const headers = address === undefined ? {} : { "X-Forwarded-For": address };
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}/announce`, { headers, autoPong: false });
    cleanUps.push(() => socket.terminate());
    await once(socket, "open");
    return socket;
  }

  /** "open", or the status with which a new socket is refused. */
  async tryOpen(address: string): Promise<string> {
    return this.open(address).then(
      () => "open",
      (error: unknown) => (error as Error).message.replace(/.*: /, ""),
    );
  }
}

const ping = '{"action":"ping"}';

async function ask(socket: WebSocket, text: string): Promise<Record<string, unknown>> {
  const heard = once(socket, "message");
  socket.send(text);
  const [data] = (await heard) as [Buffer];
  return JSON.parse(data.toString()) as Record<string, unknown>;
}

async function closeOf(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, "close")) as [number];
  return code;
}

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
  cleanUps.push(() => deaf.destroy());
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
