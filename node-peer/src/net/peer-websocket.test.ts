import { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BINARY, closeFrame, controlFrame, PING, PONG, unmask } from "@shoal/tracker/websocket";
import { PeerWebSocket } from "./peer-websocket.js";

const MASK = Uint8Array.of(1, 2, 3, 4);
const NOTHING = Buffer.alloc(0);

/** The bare stream below a WebSocket, with a client on it that takes what is written when it wants to. */
class Client extends Duplex {
  readonly #taken: Buffer[] = [];
  isTaking = true;

  override _read(): void {
    // What comes is pushed.
  }

  override _write(bytes: Buffer, _: string, onTaken: () => void): void {
    if (!this.isTaking) return;
    this.#taken.push(bytes);
    onTaken();
  }

  get taken(): Buffer {
    return Buffer.concat(this.#taken);
  }

  /** Sends a short frame. */
  async say(opcode: number, payload: Uint8Array): Promise<void> {
    const masked = Buffer.from(payload);
    unmask(masked, MASK);
    this.push(Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), MASK, masked]));
    await settled();
  }
}

/** Streams deliver in later turns. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function scene(head = NOTHING) {
  const client = new Client();
  const socket = new PeerWebSocket(client, head);
  const closes: { readonly code: number; readonly reason: string }[] = [];
  const payload: Buffer[] = [];
  socket.onclose = ({ code, reason }) => closes.push({ code, reason });
  socket.onmessage = ({ data }) => payload.push(Buffer.from(data as Uint8Array));
  return { client, socket, closes, received: () => Buffer.concat(payload) };
}

describe("PeerWebSocket", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("reads what came behind the handshake before what comes later, and sends in frames of its own", async () => {
    const { client, socket, received } = scene(Buffer.from([0x82, 0x81, 0, 0, 0, 0, 7]));
    await client.say(BINARY, Uint8Array.of(8, 9));
    expect([...received()]).toEqual([7, 8, 9]);
    socket.send(Uint8Array.of(5, 6));
    expect([...client.taken]).toEqual([0x82, 2, 5, 6]);
  });

  it("answers a close with its code, and is over when the client has hung up", async () => {
    const { client, closes } = scene();
    await client.say(8, Buffer.from([0x0f, 0xa6, 0x68, 0x69]));
    expect(client.taken).toEqual(closeFrame(4006, ""));
    expect(closes).toEqual([]);
    client.push(null);
    await settled();
    expect(closes).toEqual([{ code: 4006, reason: "hi" }]);
  });

  it("cuts off who broke a rule, was told so, and does not hang up within five seconds", async () => {
    const { client, closes, received } = scene();
    await client.say(3, Uint8Array.of(1));
    expect(client.taken).toEqual(closeFrame(1002, "Unknown kind of frame"));
    await client.say(BINARY, Uint8Array.of(1));
    await vi.advanceTimersByTimeAsync(4_999);
    expect(client.destroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await settled();
    expect([client.destroyed, closes, received().length]).toEqual([true, [{ code: 1006, reason: "" }], 0]);
  });

  it("answers pings, but not those of a client that takes nothing", async () => {
    const { client, socket } = scene();
    await client.say(PING, Uint8Array.of(4, 2));
    expect(client.taken).toEqual(controlFrame(PONG, Uint8Array.of(4, 2)));
    client.isTaking = false;
    socket.send(new Uint8Array(300_000));
    const waiting = socket.bufferedAmount;
    expect(waiting).toBeGreaterThan(300_000);
    await client.say(PING, Uint8Array.of(4, 3));
    expect(socket.bufferedAmount).toBe(waiting);
  });
});
