import type Wire from "bittorrent-protocol";
import type { RawData, WebSocket } from "ws";

/** Bits of a handshake's eight reserved bytes. */
const EXTENSION_PROTOCOL = { at: 20 + 5, bit: 0x10 };
const FAST_EXTENSION = { at: 20 + 7, bit: 0x04 };

export interface CarryOptions {
  /** Random numbers from 0 to 1, for where the stream is cut. */
  readonly random: () => number;
  /** Nothing but BEP 3 passes: neither side sees the other's reserved bits. */
  readonly plain?: boolean;
}

/**
 * Carries a `Wire` over a WebSocket as a plain byte stream. Both directions are cut and joined at random, with no regard
 * to messages: the standard promises nothing else.
 */
export function carryWire(wire: Wire, socket: WebSocket, options: CarryOptions): void {
  const out = new RandomCuts(options, (bytes) => {
    if (socket.readyState === socket.OPEN) socket.send(bytes);
  });
  const back = new RandomCuts(options, (bytes) => {
    if (!wire.destroyed) wire.write(bytes);
  });
  wire.on("data", (bytes: Uint8Array) => out.push(bytes));
  wire.on("end", () => socket.close());
  socket.on("message", (data: RawData) => back.push(data as Buffer));
  socket.on("close", () => wire.destroy());
}

/** Gathers what comes in one turn and hands it on in pieces of any size. */
class RandomCuts {
  readonly #options: CarryOptions;
  readonly #pass: (bytes: Uint8Array) => void;
  #gathered: Uint8Array[] = [];
  #isFirst = true;

  constructor(options: CarryOptions, pass: (bytes: Uint8Array) => void) {
    this.#options = options;
    this.#pass = pass;
  }

  push(bytes: Uint8Array): void {
    this.#gathered.push(bytes);
    if (this.#gathered.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#gathered);
    this.#gathered = [];
    // A handshake is sent at once by both sides: its reserved bytes are always in the first flush.
    if (this.#isFirst && this.#options.plain === true) clearReserved(bytes);
    this.#isFirst = false;
    for (let at = 0; at < bytes.length;) {
      const length = this.#cutLength();
      this.#pass(bytes.subarray(at, at + length));
      at += length;
    }
  }

  /** A few bytes, which cut through lengths and headers, or up to two blocks. */
  #cutLength(): number {
    const { random } = this.#options;
    return 1 + Math.floor(random() * (random() < 0.3 ? 12 : 32 * 1024));
  }
}

function clearReserved(handshake: Uint8Array): void {
  for (const { at, bit } of [EXTENSION_PROTOCOL, FAST_EXTENSION]) handshake[at] = (handshake[at] ?? 0) & ~bit;
}
