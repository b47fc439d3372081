import { Worker } from "node:worker_threads";

/** A thread without work gives back its few MiB of memory after this long. */
const IDLE_MS = 5_000;

/** As text, since source, build and bundle would each have its file elsewhere. Answers in the order of the questions. */
const PROGRAM = `
  const { createHash } = require("node:crypto");
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", (bytes) => parentPort.postMessage(createHash("sha1").update(bytes).digest()));
`;

/** It keeps nothing. */
const RESOURCES = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };

interface Question {
  readonly byteLength: number;
  readonly resolve: (digest: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/** Opens the thread that answers; throws where the system has none to give. */
export function openWorker(): Worker {
  return new Worker(PROGRAM, { eval: true, resourceLimits: RESOURCES });
}

/** A thread that hashes shared memory. It runs from `start` until it was idle for a while, and never holds up the exit. */
export class HashThread {
  readonly #open: () => Worker;
  #worker: Worker | undefined;
  #isRunning = false;
  #idle: NodeJS.Timeout | undefined;
  readonly #questions: Question[] = [];
  #waitingBytes = 0;

  constructor(open: () => Worker) {
    this.#open = open;
  }

  /** Bytes that wait for their digest. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Started, and ready to hash. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Makes it run soon, unless it does; false where the system gives no more threads, as in a container with few. */
  start(): boolean {
    if (this.#worker !== undefined) return true;
    let worker: Worker;
    try {
      worker = this.#open();
    } catch {
      return false;
    }
    this.#worker = worker;
    worker.on("online", () => {
      this.#isRunning = this.#worker === worker;
      this.#waitForWork(worker);
    });
    worker.on("message", (digest: Uint8Array) => this.#onDigest(worker, digest));
    worker.on("error", (error) => this.#onLost(worker, error));
    worker.on("exit", (code) => this.#onLost(worker, new Error(`The hashing thread ended with ${code}`)));
    worker.unref();
    return true;
  }

  /** SHA-1 of a view of a SharedArrayBuffer, while it runs; rejects when the thread breaks down. */
  sha1(bytes: Uint8Array): Promise<Uint8Array> {
    const worker = this.#worker;
    if (worker === undefined) return Promise.reject(new Error("The hashing thread does not run"));
    clearTimeout(this.#idle);
    worker.ref();
    return new Promise((resolve, reject) => {
      this.#questions.push({ byteLength: bytes.length, resolve, reject });
      this.#waitingBytes += bytes.length;
      worker.postMessage(bytes);
    });
  }

  #onDigest(worker: Worker, digest: Uint8Array): void {
    const question = this.#questions.shift();
    this.#waitingBytes -= question?.byteLength ?? 0;
    if (this.#questions.length === 0) this.#waitForWork(worker);
    question?.resolve(digest);
  }

  #waitForWork(worker: Worker): void {
    worker.unref();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#rest(worker), IDLE_MS).unref();
  }

  #rest(worker: Worker): void {
    if (this.#worker === worker) this.#forget();
    void worker.terminate();
  }

  #forget(): void {
    clearTimeout(this.#idle);
    this.#worker = undefined;
    this.#isRunning = false;
  }

  #onLost(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#forget();
    this.#waitingBytes = 0;
    for (const question of this.#questions.splice(0)) question.reject(error);
  }
}
