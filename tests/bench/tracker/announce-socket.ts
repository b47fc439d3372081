import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";

const HANDSHAKE = [
  "GET /announce HTTP/1.1",
  "Host: 127.0.0.1",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "\r\n",
].join("\r\n");

/** Browsers mask with what chance gives; any mask costs a server the same, but for zero. */
const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

/** Frames that count as answers: text, in one piece. */
const TEXT_FRAME = 0x81;

/**
 * One peer's WebSocket, in bare frames that are made beforehand: with a library for it the load would need more time than
 * the tracker. Answers come in the order of the announces.
 */
export class AnnounceSocket {
  readonly #socket: Socket;
  readonly #frames: readonly Buffer[];
  /** When the announces left that are not answered yet, in milliseconds. */
  readonly #sentAt: number[] = [];
  #next = 0;
  #rest: Buffer | undefined = undefined;
  /** Hears of each answer: milliseconds since its announce. */
  onAnswer: (milliseconds: number) => void = () => undefined;

  private constructor(socket: Socket, frames: readonly Buffer[]) {
    this.#socket = socket;
    this.#frames = frames;
    socket.on("data", (bytes) => this.#onBytes(bytes));
  }

  /** Opens a socket that announces these messages in turns. */
  static async open(port: number, messages: readonly object[]): Promise<AnnounceSocket> {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay();
    socket.write(HANDSHAKE);
    const [answer] = (await once(socket, "data")) as [Buffer];
    if (!answer.includes(" 101 ")) throw new Error(`The tracker refused a socket: ${answer.toString("latin1")}`);
    return new AnnounceSocket(socket, messages.map(frameOf));
  }

  get isWaiting(): boolean {
    return this.#sentAt.length > 0;
  }

  /** Announces once, in the next of its swarms. */
  announce(): void {
    const frame = this.#frames[this.#next++ % this.#frames.length];
    if (frame === undefined) return;
    this.#sentAt.push(performance.now());
    this.#socket.write(frame);
  }

  /** Sends another message, and waits for its answer. */
  async ask(message: object): Promise<void> {
    await new Promise<void>((resolve) => {
      this.onAnswer = () => resolve();
      this.#sentAt.push(performance.now());
      this.#socket.write(frameOf(message));
    });
  }

  #onBytes(bytes: Buffer): void {
    const input = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    for (;;) {
      const end = endOfFrame(input, at);
      if (end === undefined || end > input.length) break;
      if (input[at] === TEXT_FRAME) this.onAnswer(performance.now() - (this.#sentAt.shift() ?? 0));
      at = end;
    }
    this.#rest = at === input.length ? undefined : input.subarray(at);
  }
}

function endOfFrame(bytes: Buffer, at: number): number | undefined {
  const length = bytes[at + 1];
  if (length === undefined) return undefined;
  if (length < 126) return at + 2 + length;
  return bytes.length < at + 4 ? undefined : at + 4 + bytes.readUInt16BE(at + 2);
}

function frameOf(message: object): Buffer {
  const payload = Buffer.from(JSON.stringify(message));
  const header =
    payload.length < 126
      ? [TEXT_FRAME, 0x80 | payload.length]
      : [TEXT_FRAME, 0x80 | 126, payload.length >> 8, payload.length & 255];
  for (let at = 0; at < payload.length; at++) payload[at] = (payload[at] ?? 0) ^ (MASK[at & 3] ?? 0);
  return Buffer.concat([Buffer.from(header), MASK, payload]);
}
