import type { Readable, Writable } from "node:stream";

/** A command that takes longer has failed: on a busy machine, what waits for a big transfer takes a part of it. */
const WAIT_LIMIT_MS = 300_000;

interface Heard {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Waiting {
  readonly resolve: (heard: Heard) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The Chrome DevTools Protocol over the pipes of `--remote-debugging-pipe`: JSON, each message ended by a zero byte. A
 * bare line turns on no domain that nobody asked for; one that watches the network copies every frame of a WebSocket.
 */
export class DevtoolsLine {
  readonly #to: Writable;
  readonly #commands = new Map<number, Waiting>();
  readonly #listeners = new Set<(heard: Heard) => void>();
  readonly #endings = new Set<(error: Error) => void>();
  #lastId = 0;
  #rest = "";

  constructor(to: Writable, from: Readable) {
    this.#to = to;
    // A browser that has just ended: its end is what is told.
    to.on("error", () => undefined);
    from.setEncoding("utf8").on("data", (text: string) => this.#onText(text));
    from.on("close", () => this.#onClosed());
  }

  /** Resolves with the result of a command, in a session or of the whole browser. */
  async send<Result>(method: string, params: object = {}, sessionId?: string): Promise<Result> {
    const id = ++this.#lastId;
    const heard = await this.#within(method, (resolve, reject) => {
      this.#commands.set(id, { resolve, reject });
      this.#to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      return () => this.#commands.delete(id);
    });
    if (heard.error !== undefined) throw new Error(`${method}: ${heard.error.message}`);
    return heard.result as Result;
  }

  /** Resolves with the next event of a kind that matches, in a session or of the whole browser. */
  async event<Params>(method: string, matches: (params: Params) => boolean, sessionId?: string): Promise<Params> {
    const heard = await this.#within(method, (resolve) => {
      const listener = (each: Heard): void => {
        if (each.method !== method || each.sessionId !== sessionId) return;
        if (matches(each.params as Params)) resolve(each);
      };
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    });
    return heard.params as Params;
  }

  /** Calls `begin`, which returns what forgets it again; rejects after the limit and when the browser ends. */
  async #within(what: string, begin: (...settle: [Waiting["resolve"], Waiting["reject"]]) => unknown): Promise<Heard> {
    let forget: unknown;
    let fail: (error: Error) => void = () => undefined;
    const late = setTimeout(() => fail(new Error(`${what} took longer than ${WAIT_LIMIT_MS} ms`)), WAIT_LIMIT_MS);
    try {
      return await new Promise<Heard>((resolve, reject) => {
        fail = reject;
        this.#endings.add(fail);
        forget = begin(resolve, reject);
      });
    } finally {
      clearTimeout(late);
      this.#endings.delete(fail);
      if (typeof forget === "function") (forget as () => void)();
    }
  }

  #onText(text: string): void {
    const messages = (this.#rest + text).split("\0");
    this.#rest = messages.pop() ?? "";
    for (const message of messages) {
      const heard = JSON.parse(message) as Heard;
      if (heard.id !== undefined) this.#commands.get(heard.id)?.resolve(heard);
      else for (const listener of [...this.#listeners]) listener(heard);
    }
  }

  #onClosed(): void {
    for (const fail of [...this.#endings]) fail(new Error("The browser has ended"));
  }
}
