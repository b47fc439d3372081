import type { Server, Socket } from "node:net";

/** The first byte of a BitTorrent handshake: the length of "BitTorrent protocol" (BEP 3). */
const BITTORRENT_BYTE = 0x13;

/** Every HTTP request begins with its method, in capital letters. */
const LETTER_A = 0x41;
const LETTER_Z = 0x5a;

export interface PortUsers {
  readonly onBitTorrent: (socket: Socket) => void;
  readonly onHttp: (socket: Socket) => void;
}

/**
 * Tells by its first byte what comes in at a port: a BitTorrent handshake or an HTTP request. Anything else is closed at
 * once: most of it are encrypted handshakes (MSE), whose sender then tries again in plain text. Sockets are handed over
 * paused, with all their bytes. Who says nothing is left to whoever listens.
 */
export function splitPort(server: Server, users: PortUsers): void {
  server.on("connection", (socket: Socket) => {
    if (socket.destroyed) return;
    const drop = (): void => void socket.destroy();
    socket.on("error", drop);
    const onReadable = (): void => {
      const first = socket.read() as Buffer | null;
      const byte = first?.[0];
      if (first === null || byte === undefined) return;
      socket.off("readable", onReadable);
      socket.off("error", drop);
      socket.pause();
      socket.unshift(first);
      if (byte === BITTORRENT_BYTE) users.onBitTorrent(socket);
      else if (byte >= LETTER_A && byte <= LETTER_Z) users.onHttp(socket);
      else socket.on("error", drop).destroy();
    };
    socket.on("readable", onReadable);
  });
}
