import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as it came. */
export interface SeenRequest {
  readonly path: string;
  readonly range: string | undefined;
  readonly encoding: string | undefined;
}

/** Answers a request itself: true. */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse, file: Buffer | undefined) => boolean;

/** A real web server on a port of this machine that serves files from memory, by decoded path, with ranges. */
export class WebServer {
  readonly seen: SeenRequest[] = [];
  readonly files: ReadonlyMap<string, Buffer>;
  /** Asked first for every request. */
  misbehave: Misbehaviour = () => false;
  readonly #server: Server;

  private constructor(files: ReadonlyMap<string, Buffer>) {
    this.files = files;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(files: Readonly<Record<string, Buffer>>): Promise<WebServer> {
    const server = new WebServer(new Map(Object.entries(files)));
    await once(server.#server.listen(0, "127.0.0.1"), "listening");
    return server;
  }

  /** Ends in "/". */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(new URL(request.url ?? "", this.url).pathname).slice(1);
    const { range, "accept-encoding": encoding } = request.headers;
    this.seen.push({ path, range, encoding: encoding?.toString() });
    const file = this.files.get(path);
    if (this.misbehave(request, response, file)) return;
    if (file === undefined) response.writeHead(404).end("not here");
    else sendRange(response, file, range);
  }
}

/** `file`, or the part of it that `range` names. */
export function sendRange(response: ServerResponse, file: Buffer, range: string | undefined): void {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  if (first === undefined || last === undefined) {
    response.writeHead(200, { "content-length": file.length }).end(file);
    return;
  }
  const part = file.subarray(Number(first), Number(last) + 1);
  const headers = { "content-range": `bytes ${first}-${last}/${file.length}`, "content-length": part.length };
  response.writeHead(206, headers).end(part);
}
