import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { ShoalError, type Clock, type Random, type Timer } from "@shoal/peer-core";
import { ACTION, parseUdpHeader } from "./udp-packets.js";

/** BEP 15 waits 15 s, then 30, for an hour; we ask thrice in 21 s and leave the rest to the announcer's next try. */
const FIRST_WAIT_MS = 3_000;

export interface UdpLineTools {
  readonly clock: Clock;
  readonly random: Random;
}

interface Pending {
  readonly action: number;
  settle(outcome: Buffer | Error): void;
}

export interface UdpQuestion {
  readonly action: number;
  readonly encode: (transaction: number) => Uint8Array;
  /** How often it is sent before it counts as unanswered; each wait is twice as long as the one before. */
  readonly tries: number;
}

/** One socket to one address of a tracker; the system drops what comes from anywhere else. */
export class UdpLine {
  readonly address: string;
  readonly #socket: Socket;
  readonly #tools: UdpLineTools;
  readonly #pending = new Map<number, Pending>();
  #failure: Error | undefined;
  #isRetired = false;

  private constructor(socket: Socket, address: string, tools: UdpLineTools) {
    this.#socket = socket;
    this.address = address;
    this.#tools = tools;
    socket.on("message", (packet) => this.#onPacket(packet));
    // An ICMP message says that nobody listens there.
    socket.on("error", (error) => this.#fail(error));
  }

  /** Rejects with the system's error when there is no way there. */
  static async open(address: string, port: number, tools: UdpLineTools): Promise<UdpLine> {
    const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
    try {
      const connected = once(socket, "connect");
      socket.connect(port, address);
      await connected;
      return new UdpLine(socket, address, tools);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  get family(): 4 | 6 {
    return isIPv6(this.address) ? 6 : 4;
  }

  /** Sends a request until it is answered or refused (`ACTION.error`). Rejects with ShoalError("tracker") when it is neither, or the system's error. */
  async ask({ action, encode, tries }: UdpQuestion, signal: AbortSignal): Promise<Buffer> {
    if (this.#failure !== undefined) throw this.#failure;
    signal.throwIfAborted();
    const transaction = this.#newTransaction();
    const packet = encode(transaction);
    return await new Promise<Buffer>((resolve, reject) => {
      let timer: Timer | undefined;
      const settle = (outcome: Buffer | Error): void => {
        this.#pending.delete(transaction);
        timer?.cancel();
        signal.removeEventListener("abort", onAbort);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
        if (this.#isRetired) this.retire();
      };
      const onAbort = (): void => settle(new ShoalError("aborted", "The announce was given up"));
      const send = (sent: number): void => {
        if (sent === tries) return settle(new ShoalError("tracker", `did not answer ${tries} packets`));
        this.#socket.send(packet, (error) => {
          if (error) this.#fail(error);
        });
        timer = this.#tools.clock.schedule(FIRST_WAIT_MS * 2 ** sent, () => send(sent + 1));
      };
      this.#pending.set(transaction, { action, settle });
      signal.addEventListener("abort", onAbort, { once: true });
      send(0);
    });
  }

  /** Nothing more will be asked: closes once nothing is under way. */
  retire(): void {
    this.#isRetired = true;
    if (this.#pending.size === 0) this.#fail(new ShoalError("tracker", "was closed"));
  }

  /** Who cannot see our packets cannot guess it: replies with another are a stranger's. */
  #newTransaction(): number {
    for (;;) {
      const transaction = Buffer.from(this.#tools.random.bytes(4)).readUInt32BE(0);
      if (!this.#pending.has(transaction)) return transaction;
    }
  }

  #onPacket(packet: Buffer): void {
    const header = parseUdpHeader(packet);
    const pending = header && this.#pending.get(header.transaction);
    if (header?.action === ACTION.error || header?.action === pending?.action) pending?.settle(packet);
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    for (const pending of [...this.#pending.values()]) pending.settle(error);
    this.#socket.close();
  }
}
