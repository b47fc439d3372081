import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** Long enough that nobody asks twice. */
const INTERVAL_SECONDS = 3_600;

/** A tracker (BEP 3, 23) that answers everybody with one list of peers: for programs that cannot be told a peer directly. */
export class PeerList {
  readonly #server: Server;
  #ports: readonly number[] = [];

  private constructor() {
    this.#server = createServer((_, response) => response.end(answer(this.#ports)));
  }

  static async open(): Promise<PeerList> {
    const list = new PeerList();
    list.#server.listen(0, "127.0.0.1");
    await once(list.#server, "listening");
    return list;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/announce`;
  }

  /** Who is asked from now on; ports of loopback. */
  tell(ports: readonly number[]): void {
    this.#ports = ports;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

function answer(ports: readonly number[]): Buffer {
  const peers = Buffer.alloc(6 * ports.length);
  for (const [at, port] of ports.entries()) {
    peers.set([127, 0, 0, 1], 6 * at);
    peers.writeUInt16BE(port, 6 * at + 4);
  }
  const head = `d8:intervali${INTERVAL_SECONDS}e5:peers${peers.length}:`;
  return Buffer.concat([Buffer.from(head), peers, Buffer.from("e")]);
}
