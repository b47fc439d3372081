import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";

/** A peer as a tracker tells it. */
export interface ToldPeer {
  readonly peer_id: string;
  readonly endpoint: string;
}

export interface RawAnnounce {
  /** 40 hexadecimal digits. */
  readonly infoHash: string;
  readonly peerId: string;
  readonly left: number;
  readonly endpoint?: string;
}

/** A WebSocket server that takes whoever dials `url`: a peer of the test's own making. */
export class RawPeerListener {
  readonly url: string;
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/peer`;
  }

  /** `onPeer` gets each link with the first bytes still to come. */
  static async open(onPeer: (socket: WebSocket) => void): Promise<RawPeerListener> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/peer", perMessageDeflate: false });
    server.on("connection", (socket) => {
      socket.on("error", () => undefined);
      onPeer(socket);
    });
    await once(server, "listening");
    return new RawPeerListener(server);
  }

  close(): void {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }
}

/** Opens a link to the peer that listens at `url`. */
export async function dialRaw(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, "bittorrent", { perMessageDeflate: false });
  socket.on("error", () => undefined);
  await once(socket, "open");
  return socket;
}

/** A registration at a tracker that holds as long as it is not closed. */
export class RawRegistration {
  readonly #socket: WebSocket;
  readonly #peers: ToldPeer[] = [];
  readonly #waiting: ((peer: ToldPeer) => void)[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { action?: string; peers?: ToldPeer[] };
      if (message.action !== "announce" && message.action !== "peers") return;
      this.#peers.push(...(message.peers ?? []));
      while (this.#peers.length > 0 && this.#waiting.length > 0) {
        const [peer] = this.#peers.splice(0, 1);
        if (peer) this.#waiting.shift()?.(peer);
      }
    });
  }

  /** Announces over a WebSocket as any client would, asking to be told of newcomers. */
  static async announce(tracker: string, { infoHash, peerId, left, endpoint }: RawAnnounce): Promise<RawRegistration> {
    const socket = new WebSocket(tracker);
    await once(socket, "open");
    const registration = new RawRegistration(socket);
    const ids = { info_hash: binary(infoHash), peer_id: binary(peerId) };
    const counts = { uploaded: 0, downloaded: 0, left, numwant: 50 };
    socket.send(JSON.stringify({ action: "announce", ...ids, ...counts, event: "started", endpoint, notify: 1 }));
    return registration;
  }

  /** The next peer that the tracker tells of. */
  nextPeer(): Promise<ToldPeer> {
    const [known] = this.#peers.splice(0, 1);
    return known ? Promise.resolve(known) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#socket.terminate();
  }
}

/** Bytes in hexadecimal as a string of one character each, as WebTorrent's tracker messages have them. */
function binary(hex: string): string {
  return Buffer.from(hex, "hex").toString("latin1");
}
