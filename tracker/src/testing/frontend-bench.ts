import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";
import { WebSocket } from "ws";
import { clientAddress } from "../address.js";
import { EndpointChecker } from "../endpoint-checker.js";
import { networkDialer } from "../endpoint-dialer.js";
import { MemorySwarmRegistry } from "../memory-swarm-registry.js";
import { systemSchedule } from "../newcomer-notices.js";
import { RelayDirectory } from "../relay-directory.js";
import { Tracker } from "../tracker.js";
import { WebSocketFrontend } from "../websocket-frontend.js";

const cleanUps: (() => unknown)[] = [];

/** After each test of a file, nothing is left of its benches; to be called at its top. */
export function useFrontendBenches(): void {
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });
}

/** A frontend on a real server, with a clock that the test sets. */
export class FrontendBench {
  now = 1_000_000;
  readonly log: string[] = [];
  readonly frontend: WebSocketFrontend;
  readonly #server = createServer();

  constructor(maxSockets = 1_000) {
    const now = (): number => this.now;
    const tracker = new Tracker({
      registry: new MemorySwarmRegistry(),
      checker: new EndpointChecker(networkDialer, now),
      relays: new RelayDirectory(),
      random: Math.random,
      now: () => Math.floor(this.now / 1000),
      schedule: systemSchedule,
      announceSeconds: 0,
    });
    this.frontend = new WebSocketFrontend({ tracker, now, log: (line) => this.log.push(line), maxSockets });
    this.#server.on("upgrade", (request, socket, head) => {
      const address = clientAddress(request, false);
      if (address !== undefined) this.frontend.accept(request, socket, head, address);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.atEnd(async () => {
      await this.frontend.close(0);
      this.#server.close();
    });
    return this;
  }

  /** Does something once the test has ended. */
  atEnd(cleanUp: () => unknown): void {
    cleanUps.push(cleanUp);
  }

  /** Opens a socket, as if it came through a proxy from `address` where given. */
  async open(address?: string): Promise<WebSocket> {
    const headers = address === undefined ? {} : { "X-Forwarded-For": address };
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}/announce`, { headers, autoPong: false });
    this.atEnd(() => socket.terminate());
    await once(socket, "open");
    return socket;
  }

  /** "open", or the status with which a new socket is refused. */
  async tryOpen(address: string): Promise<string> {
    return this.open(address).then(
      () => "open",
      (error: unknown) => (error as Error).message.replace(/.*: /, ""),
    );
  }
}

/** A request that has no other effect than its answer. */
export const ping = '{"action":"ping"}';

/** What comes next when that has been said. */
export async function ask(socket: WebSocket, text: string): Promise<Record<string, unknown>> {
  const heard = once(socket, "message");
  socket.send(text);
  const [data] = (await heard) as [Buffer];
  return JSON.parse(data.toString()) as Record<string, unknown>;
}

/** The code with which a socket is closed. */
export async function closeOf(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, "close")) as [number];
  return code;
}
