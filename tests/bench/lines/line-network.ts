import { execFile, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { promisify } from "node:util";
import { endHeld, Namespace, startHeld } from "../../support/namespace.js";
import type { Machine } from "../../support/net-namespace.js";
import { ensureProgram } from "../../support/programs.js";
import { repositoryPath } from "../repository.js";

const run = promisify(execFile);

const SWITCH_SOURCE = repositoryPath("tests/bench/lines/delay-switch.c");

/** Neither loopback nor anybody's on the way to the internet. */
const SUBNET = "10.78.0";

/** What a line of a machine is limited to, in each direction. */
export interface LineLimits {
  readonly mbitPerSecond: number;
  /** What waits before the line, at most: beyond it frames are lost, as at a router. */
  readonly queueMs: number;
}

/** What went over a machine's line since the network was made, as the switch counted it. */
export interface LineCounts {
  /** Whole frames. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** What TCP carried in them, without any headers; in: sent by the machine. */
  readonly payloadIn: number;
  readonly payloadOut: number;
  readonly lost: number;
}

/**
 * Nine processes and the switch share few cores here, where in life each has its own: with frames of 1,500 bytes it is the
 * work for each of them that is measured, not the line. A switch with jumbo frames takes these.
 */
const MTU = 9_000;

/** Of a long frame, what its headers take: Ethernet, IP, and TCP with a timestamp. */
export const HEADER_PART = (14 + 20 + 32) / (14 + MTU);

/** Two frames leave at once, before tbf makes them wait. */
const BURST_BYTES = 2 * (MTU + 14);

/** Whatever ends us ends what runs on a machine of ours. */
const UNTIL_WE_DIE = ["setpriv", "--pdeathsig", "KILL", "--"];

/**
 * Machines, each in a network namespace with a line of its own, on a switch that takes a while to pass frames on. It
 * vanishes with this process, however that ends.
 */
export class LineNetwork {
  readonly machines: readonly Machine[];
  readonly #namespaces: readonly Namespace[];
  readonly #switch: ChildProcess;
  readonly #answers: Interface;

  private constructor(namespaces: readonly Namespace[], { stdout }: ChildProcess, delaying: ChildProcess) {
    this.#namespaces = namespaces;
    this.machines = namespaces.slice(1).map(({ under }, at) => ({
      address: addressOf(at),
      under: [...under, ...UNTIL_WE_DIE],
    }));
    this.#switch = delaying;
    if (stdout === null) throw new Error("The switch says nothing");
    this.#answers = createInterface(stdout);
  }

  /** A machine for each line; undefined: not limited. `delayMs` from one to another; `folder` receives the switch. */
  static async open(
    lines: readonly (LineLimits | undefined)[],
    { delayMs, folder }: { readonly delayMs: number; readonly folder: string },
  ): Promise<LineNetwork> {
    const program = await compiledSwitch(folder);
    const middle = await Namespace.open();
    const namespaces = [middle];
    try {
      for (const [at, limits] of lines.entries()) {
        const namespace = await Namespace.open(middle);
        namespaces.push(namespace);
        await connect(middle, namespace, at, limits);
      }
      const ports = lines.map((_, at) => portOf(at));
      const delaying = await startHeld([...middle.under, ...UNTIL_WE_DIE, program, String(delayMs), ...ports]);
      return new LineNetwork(namespaces, delaying, delaying);
    } catch (error) {
      await Promise.all(namespaces.map((namespace) => namespace.close()));
      throw error;
    }
  }

  /** What went over each machine's line so far. */
  async counts(): Promise<readonly LineCounts[]> {
    const answer = once(this.#answers, "line") as Promise<[string]>;
    this.#switch.stdin?.write("\n");
    return JSON.parse((await answer)[0]) as LineCounts[];
  }

  /** Takes it down; what runs on the machines must have been ended before. */
  async close(): Promise<void> {
    await endHeld(this.#switch);
    await Promise.all(this.#namespaces.map((namespace) => namespace.close()));
  }
}

async function compiledSwitch(folder: string): Promise<string> {
  const compiler = await ensureProgram("gcc", "build-essential");
  const program = join(folder, "delay-switch");
  await run(compiler, ["-O2", "-o", program, SWITCH_SOURCE]);
  return program;
}

function addressOf(at: number): string {
  return `${SUBNET}.${at + 1}`;
}

function portOf(at: number): string {
  return `veth${at + 1}`;
}

async function connect(middle: Namespace, namespace: Namespace, at: number, limits: LineLimits | undefined) {
  await middle.ip(
    `link add ${portOf(at)} type veth peer name eth0 netns ${namespace.pid}
link set ${portOf(at)} up mtu ${MTU}`,
  );
  await namespace.ip(
    `link set lo up
addr add ${addressOf(at)}/24 dev eth0
link set eth0 up mtu ${MTU}`,
  );
  if (limits === undefined) return;
  const { mbitPerSecond, queueMs } = limits;
  const queueBytes = Math.round((mbitPerSecond * 1e6 * queueMs) / 8_000);
  const qdisc = `tbf rate ${mbitPerSecond}mbit burst ${BURST_BYTES} limit ${queueBytes}`;
  await namespace.tc(`qdisc add dev eth0 root ${qdisc}`);
  await middle.tc(`qdisc add dev ${portOf(at)} root ${qdisc}`);
}
