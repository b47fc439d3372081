import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import type { HeapMessage, LoadRequest, LoadResult, Population, ServerMessage, TrackerKind } from "./messages.js";
import { repositoryPath } from "../repository.js";
import { cpuSeconds, privateMemory } from "../process/proc-fs.js";

/** What a tracker's process holds after its garbage was collected. */
export interface Memory {
  readonly privateBytes: number;
  readonly heapBytes: number;
}

/** One tracker in a process of its own, and a process that loads it. */
export class TrackerBenchRun {
  readonly #server: ChildProcess;
  readonly #load: ChildProcess;
  readonly #port: number;

  private constructor(server: ChildProcess, load: ChildProcess, port: number) {
    this.#server = server;
    this.#load = load;
    this.#port = port;
  }

  /** Starts both; `work` has them for itself, and both are gone when this resolves or rejects. */
  static async use<T>(kind: TrackerKind, work: (run: TrackerBenchRun) => Promise<T>): Promise<T> {
    const server = start("tracker-server", [kind]);
    const load = start("load", []);
    try {
      const { port } = await messageFrom<ServerMessage>(server);
      return await work(new TrackerBenchRun(server, load, port));
    } finally {
      await Promise.all([stop(load), stop(server)]);
    }
  }

  get #pid(): number {
    return this.#server.pid ?? 0;
  }

  get #cpuSeconds(): number {
    return cpuSeconds(this.#pid) ?? NaN;
  }

  /** Has the tracker collect its garbage, and looks at what it still holds. */
  async memory(): Promise<Memory> {
    const collected = messageFrom<HeapMessage>(this.#server);
    this.#server.send("collect");
    const { heapBytes } = await collected;
    return { heapBytes, privateBytes: privateMemory(this.#pid)?.privateBytes ?? NaN };
  }

  open(population: Population): Promise<LoadResult> {
    return this.#ask({ kind: "open", port: this.#port, population });
  }

  /** Announces for so long, with the CPU seconds of the tracker; `perSecond` undefined: as fast as it answers. */
  async announce(seconds: number, perSecond?: number): Promise<LoadResult & { readonly trackerCpuSeconds: number }> {
    const before = this.#cpuSeconds;
    const result = await this.#ask({ kind: "announce", seconds, perSecond });
    return { ...result, trackerCpuSeconds: this.#cpuSeconds - before };
  }

  async #ask(request: LoadRequest): Promise<LoadResult> {
    const answered = messageFrom<LoadResult>(this.#load);
    this.#load.send(request);
    return answered;
  }
}

/** The next message of a child; rejects when it ends instead. */
async function messageFrom<T>(child: ChildProcess): Promise<T> {
  const over = new AbortController();
  try {
    const ended = once(child, "exit", { signal: over.signal }).then(([code]) => {
      throw new Error(`A process of the tracker benchmark ended with ${String(code)}`);
    });
    const [message] = (await Promise.race([once(child, "message", { signal: over.signal }), ended])) as [T];
    return message;
  } finally {
    over.abort();
  }
}

function start(name: string, args: readonly string[]): ChildProcess {
  return fork(repositoryPath(`tests/dist/bench/tracker/${name}.js`), args, {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    // A test runner has options of its own, which mean source where we mean what was built.
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
