import type { Socket } from "node:net";

/** Connections that have not said what they want, each with a deadline: Node's own begin with the first byte of HTTP. */
export class AskingSockets {
  readonly #timeoutMs: number;
  readonly #timers = new Map<Socket, NodeJS.Timeout>();
  // One function for all: a closure of its own, and what `once` wraps around it, would cost every open socket 0.3 KB.
  readonly #onClose: (this: Socket) => void;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    const release = (socket: Socket): void => this.release(socket);
    this.#onClose = function () {
      release(this);
    };
  }

  add(socket: Socket): void {
    if (socket.destroyed) return;
    const timer = setTimeout(() => socket.destroy(), this.#timeoutMs);
    this.#timers.set(socket, timer);
    socket.on("close", this.#onClose);
  }

  /** It has asked, or is gone. */
  release(socket: Socket): void {
    const timer = this.#timers.get(socket);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#timers.delete(socket);
    socket.off("close", this.#onClose);
  }

  destroyAll(): void {
    for (const socket of [...this.#timers.keys()]) socket.destroy();
  }
}
