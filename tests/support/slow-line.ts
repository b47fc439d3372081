import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** A way to a server of this machine on which what comes back can be slowed down. */
export class SlowLine {
  /** The server's URL with the line's port. */
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #bytesPerSecond = Infinity;
  /** When all that was passed on so far has had its time, of `performance.now()`. */
  #busyUntil = 0;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async open(target: string): Promise<SlowLine> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = new URL(target);
    const targetPort = Number(url.port);
    url.port = String((server.address() as AddressInfo).port);
    const line = new SlowLine(server, url.href);
    server.on("connection", (socket) => line.#join(socket, connect(targetPort, "127.0.0.1")));
    return line;
  }

  /** From now on it lets through so much, for all connections together; with Infinity nothing is held back. */
  slowTo(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
    this.#busyUntil = 0;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      // What one end does, the other one sees: the reason is of no interest here.
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    near.pipe(far);
    void this.#carry(far, near);
  }

  /** Reads on only when the line had time for what was read: so the sender's own buffers fill. */
  async #carry(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (!to.write(chunk)) await once(to, "drain");
        const now = performance.now();
        this.#busyUntil = Math.max(this.#busyUntil, now) + (1_000 * chunk.length) / this.#bytesPerSecond;
        if (this.#busyUntil > now) await pause(this.#busyUntil - now);
      }
    } catch {
      // Closed by one of its ends.
    }
    to.destroy();
  }
}
