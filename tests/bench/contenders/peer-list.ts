import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** Long enough that nobody asks twice. */
const INTERVAL_SECONDS = 3_600;

/** A tracker (BEP 3, 23) that answers everybody with one list of peers: for programs that cannot be told a peer directly. */
export class PeerList {
  readonly #server: Server;
  #peers: readonly string[] = [];

  private constructor() {
    this.#server = createServer((_, response) => response.end(answer(this.#peers)));
  }

  static async open(host = "127.0.0.1", port = 0): Promise<PeerList> {
    const list = new PeerList();
    list.#server.listen(port, host);
    await once(list.#server, "listening");
    return list;
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address}:${port}/announce`;
  }

  /** Who is asked from now on: HOST:PORT with IPv4 addresses. */
  tell(peers: readonly string[]): void {
    this.#peers = peers;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

function answer(endpoints: readonly string[]): Buffer {
  const peers = Buffer.alloc(6 * endpoints.length);
  for (const [at, endpoint] of endpoints.entries()) {
    const [host = "", port] = endpoint.split(":");
    peers.set(host.split(".").map(Number), 6 * at);
    peers.writeUInt16BE(Number(port), 6 * at + 4);
  }
  const head = `d8:intervali${INTERVAL_SECONDS}e5:peers${peers.length}:`;
  return Buffer.concat([Buffer.from(head), peers, Buffer.from("e")]);
}
