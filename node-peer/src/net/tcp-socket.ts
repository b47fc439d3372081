import type { Socket } from "node:net";

/** Finds machines that are gone without a word, below what the peers' own keep-alives notice. */
const TCP_KEEP_ALIVE_MS = 20_000;

/** Settings of every socket that carries a peer link: small messages leave at once, dead machines are found. */
export function prepareSocket(socket: Socket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
}
