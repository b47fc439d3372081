import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { request, type IncomingHttpHeaders } from "node:http";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ensureProgram } from "./programs.js";

const run = promisify(execFile);

const GATEWAY = fileURLToPath(new URL("net-gateway.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** How a namespace is made and entered: as an ordinary user where the system lets us, else as its root. */
const WAYS = [
  { make: ["unshare", "-rn"], enter: ["nsenter", "-U", "-n", "--preserve-credentials"] },
  { make: ["unshare", "-n"], enter: ["nsenter", "-n"] },
];

const CAN_BRIDGE = "ip link add shoal0 type bridge && ip link add shoal1 type veth peer name shoal2";

/** Tells that it is there, then lives until its input ends: nothing stays behind even if the test is killed. */
const HOLD = "echo ready && exec cat";

/** Addresses that are neither loopback, which Transmission never dials, nor anybody's on the way to the internet. */
const SUBNET = "10.77.0";

/** Of RFC 5737, for documentation: neither loopback nor private, and nobody's. */
export const PUBLIC_SUBNET = "192.0.2";

const way = await findWay();

/** Whether networks can be made here. Tests that need one say "needs network namespaces" in their names. */
export const canMakeNetworks = way !== undefined;

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
  readonly #holders: ChildProcess[];
  #machines = 1;

  private constructor(subnet: string, first: Machine, socket: string, holders: ChildProcess[]) {
    this.#subnet = subnet;
    this.first = first;
    this.#socket = socket;
    this.#holders = holders;
  }

  /** Makes the network; `socket` is where the file of a Unix socket is to be, `subnet` what the addresses begin with. */
  static async open(socket: string, subnet = SUBNET): Promise<TestNetwork> {
    if (way === undefined) throw new Error("No network namespaces can be made here");
    const bridge = await start([...way.make, "sh", "-c", HOLD]);
    const first = { address: `${subnet}.1`, under: entering(bridge) };
    await configure(
      first,
      `link set lo up
link add br0 type bridge
addr add ${first.address}/24 dev br0
link set br0 up`,
    );
    const node = [process.execPath, "--conditions=source", "--import", "tsx", GATEWAY, socket];
    const gateway = await start([...first.under, ...node]);
    return new TestNetwork(subnet, first, socket, [bridge, gateway]);
  }

  /** One more machine; the first one cannot dial `closedPorts` there, as behind a router. */
  async machine(closedPorts: readonly number[] = []): Promise<Machine> {
    const number = ++this.#machines;
    const holder = await start([...this.first.under, "unshare", "-n", "sh", "-c", HOLD]);
    this.#holders.push(holder);
    const machine = { address: `${this.#subnet}.${number}`, under: entering(holder) };
    await configure(
      this.first,
      `link add veth${number} type veth peer name eth0 netns ${String(holder.pid)}
link set veth${number} master br0
link set veth${number} up
${closedPorts.map((port) => `rule add to ${machine.address} ipproto tcp dport ${port} unreachable`).join("\n")}`,
    );
    await configure(
      machine,
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
    const running = this.#holders.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(
      running.map(async (holder) => {
        holder.stdin?.end();
        await once(holder, "close");
      }),
    );
  }
}

async function findWay(): Promise<(typeof WAYS)[number] | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    await ensureProgram("ip", "iproute2");
  } catch {
    return undefined;
  }
  return WAYS.find(({ make: [program = "", ...args] }) => {
    return spawnSync(program, [...args, "sh", "-c", CAN_BRIDGE]).status === 0;
  });
}

/** Starts a process that lives until its input is ended; resolves when it has said that it is there. */
async function start([program = "", ...args]: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`${program} ${args.join(" ")} ended with ${String(code)}`);
  });
  await Promise.race([once(child.stdout, "data"), ended]);
  ended.catch(() => undefined);
  return child;
}

function entering(holder: ChildProcess): readonly string[] {
  return [...(way?.enter ?? []), "-t", String(holder.pid), "--"];
}

/** Runs commands of `ip`, one a line, on a machine. */
async function configure({ under: [program = "", ...args] }: Machine, commands: string): Promise<void> {
  const done = run(program, [...args, "ip", "-batch", "-"]);
  done.child.stdin?.end(commands);
  await done;
}
