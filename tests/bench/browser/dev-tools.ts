import { once } from "node:events";
import { WebSocket } from "ws";

/** Parameters or result of a command of the Chrome DevTools Protocol. */
export type Fields = Readonly<Record<string, unknown>>;

interface Reply {
  readonly id?: number;
  readonly result?: Fields;
  readonly error?: { readonly message: string };
}

interface Asked {
  readonly resolve: (result: Fields) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A bare connection to a browser's DevTools. No domain is enabled unless asked for: a client that listens to the network
 * is sent a copy of every WebSocket frame, at a fifth of the speed.
 */
export class DevTools {
  readonly #socket: WebSocket;
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#onReply(JSON.parse(data.toString()) as Reply));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => this.#onClose());
  }

  static async connect(url: string): Promise<DevTools> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await once(socket, "open");
    return new DevTools(socket);
  }

  /** Resolves with the result of a command; rejects with what the browser says is wrong, or when it goes. */
  async send(method: string, params: Fields = {}, sessionId?: string): Promise<Fields> {
    const id = ++this.#lastId;
    return await new Promise<Fields>((resolve, reject) => {
      this.#asked.set(id, { resolve, reject: (error) => reject(new Error(`${method}: ${error.message}`)) });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    });
  }

  close(): void {
    this.#socket.terminate();
  }

  #onReply({ id, result, error }: Reply): void {
    const asked = this.#asked.get(id ?? 0);
    this.#asked.delete(id ?? 0);
    if (error === undefined) asked?.resolve(result ?? {});
    else asked?.reject(new Error(error.message));
  }

  #onClose(): void {
    for (const { reject } of this.#asked.values()) reject(new Error("The browser has gone"));
    this.#asked.clear();
  }
}
