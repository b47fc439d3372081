import type { ChildProcess } from "node:child_process";
import { request, type IncomingHttpHeaders } from "node:http";
import { fileURLToPath } from "node:url";
import { endHeld, Namespace, startHeld } from "./namespace.js";

const GATEWAY = fileURLToPath(new URL("net-gateway.ts", import.meta.url));

/** Addresses that are neither loopback, which Transmission never dials, nor anybody's on the way to the internet. */
const SUBNET = "10.77.0";

/** Of RFC 5737, for documentation: neither loopback nor private, and nobody's. */
export const PUBLIC_SUBNET = "192.0.2";

/**
 * The bridge's hardware address. Left to itself a bridge takes the lowest of its ports', another one whenever a machine
 * joins, and whoever has asked for it before sends into the void until it asks again, half a minute later. One that has an
 * address is down until it has a port (`carrier0`), and its own is then no address of the machine for who asks.
 */
const BRIDGE_ADDRESS = "02:00:00:00:00:01";

/** A computer in a `TestNetwork`, with an address of its own. */
export interface Machine {
  readonly address: string;
  /** What comes before a command that is to run on it. */
  readonly under: readonly string[];
}

/** An HTTP answer from inside the network. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A network of machines, each in a network namespace, that are all on one bridge and reach nothing else. */
export class TestNetwork {
  /** The machine that the bridge is on. */
  readonly first: Machine;
  readonly #subnet: string;
  readonly #socket: string;
  readonly #gateway: ChildProcess;
  /** The first one has the bridge. */
  readonly #namespaces: [Namespace, ...Namespace[]];

  private constructor(subnet: string, first: Namespace, socket: string, gateway: ChildProcess) {
    this.#subnet = subnet;
    this.first = { address: `${subnet}.1`, under: first.under };
    this.#socket = socket;
    this.#gateway = gateway;
    this.#namespaces = [first];
  }

  /** Makes the network; `socket` is where the file of a Unix socket is to be, `subnet` what the addresses begin with. */
  static async open(socket: string, subnet = SUBNET): Promise<TestNetwork> {
    const first = await Namespace.open();
    const address = `${subnet}.1`;
    await first.ip(
      `link set lo up
link add br0 address ${BRIDGE_ADDRESS} type bridge
link add carrier0 type veth peer name carrier1
link set carrier0 master br0
link set carrier0 up
link set carrier1 up
addr add ${address}/24 dev br0
link set br0 up`,
    );
    const node = [process.execPath, "--conditions=source", "--import", "tsx", GATEWAY, socket, address];
    return new TestNetwork(subnet, first, socket, await startHeld([...first.under, ...node]));
  }

  /** One more machine; the first one cannot dial `closedPorts` there, as behind a router. */
  async machine(closedPorts: readonly number[] = []): Promise<Machine> {
    const [first] = this.#namespaces;
    const namespace = await Namespace.open(first);
    const number = this.#namespaces.push(namespace);
    const machine = { address: `${this.#subnet}.${number}`, under: namespace.under };
    await first.ip(
      `link add veth${number} type veth peer name eth0 netns ${namespace.pid}
link set veth${number} master br0
link set veth${number} up
${closedPorts.map((port) => `rule add to ${machine.address} ipproto tcp dport ${port} unreachable`).join("\n")}`,
    );
    await namespace.ip(
      `link set lo up
addr add ${machine.address}/24 dev eth0
link set eth0 up`,
    );
    return machine;
  }

  /** Asks an HTTP server on one of the machines, from the first machine. */
  async ask(url: string, { method = "GET", headers = {}, body }: Question = {}): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const asked = request({
        socketPath: this.#socket,
        path: url,
        method,
        headers: { ...headers, host: new URL(url).host },
      });
      asked.on("error", reject).on("response", (reply) => {
        const chunks: Buffer[] = [];
        reply.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
        reply.on("end", () => {
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks) });
        });
      });
      asked.end(body);
    });
  }

  /** Takes the network down; what runs in it must have been ended before. */
  async close(): Promise<void> {
    await endHeld(this.#gateway);
    await Promise.all(this.#namespaces.map((namespace) => namespace.close()));
  }
}
