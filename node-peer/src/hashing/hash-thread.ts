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

/** A thread that hashes shared memory. It runs while there is work and shortly after, and never holds up the exit. */
export class HashThread {
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  readonly #questions: Question[] = [];
  #waitingBytes = 0;

  /** Bytes that wait for their digest. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** SHA-1 of a view of a SharedArrayBuffer; rejects when the thread breaks down. */
  sha1(bytes: Uint8Array): Promise<Uint8Array> {
    const worker = (this.#worker ??= this.#start());
    clearTimeout(this.#idle);
    worker.ref();
    return new Promise((resolve, reject) => {
      this.#questions.push({ byteLength: bytes.length, resolve, reject });
      this.#waitingBytes += bytes.length;
      worker.postMessage(bytes);
    });
  }

  #start(): Worker {
    const worker = new Worker(PROGRAM, { eval: true, resourceLimits: RESOURCES });
    worker.on("message", (digest: Uint8Array) => this.#onDigest(worker, digest));
    worker.on("error", (error) => this.#onLost(worker, error));
    worker.on("exit", (code) => this.#onLost(worker, new Error(`The hashing thread ended with ${code}`)));
    return worker;
  }

  #onDigest(worker: Worker, digest: Uint8Array): void {
    const question = this.#questions.shift();
    this.#waitingBytes -= question?.byteLength ?? 0;
    if (this.#questions.length === 0) {
      worker.unref();
      this.#idle = setTimeout(() => this.#rest(worker), IDLE_MS).unref();
    }
    question?.resolve(digest);
  }

  #rest(worker: Worker): void {
    this.#worker = undefined;
    void worker.terminate();
  }

  #onLost(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#waitingBytes = 0;
    for (const question of this.#questions.splice(0)) question.reject(error);
  }
}
