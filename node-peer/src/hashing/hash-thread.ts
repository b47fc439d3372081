import { Worker } from "node:worker_threads";
import type { FilePlace, PieceFile } from "../storage/checked-writer.js";

/** A thread without work gives back its few MiB of memory after this long. */
const IDLE_MS = 5_000;

/**
 * What may wait is posted at most this often: waking a thread, and being woken by it, costs a third of a millisecond on a
 * virtual machine, as much as writing the piece. A slow download never waits.
 */
const POST_PAUSE_MS = 5;
/** A relay's pieces come from other people's lines, and are fetched seconds ahead: there it may be longer. */
const FILE_PAUSE_MS = 20;

/**
 * As text, since source, build and bundle would each have its file elsewhere. Answers in the order of the questions: with
 * the digest, or with whether it matched and what went wrong.
 */
const PROGRAM = `
  const { createHash } = require("node:crypto");
  const { closeSync, openSync, renameSync, rmSync, writeSync } = require("node:fs");
  const { parentPort } = require("node:worker_threads");

  const answer = ({ bytes, sha1, places, file }) => {
    const digest = createHash("sha1").update(bytes).digest();
    if (sha1 === undefined) return digest;
    const isMatch = digest.equals(sha1);
    if (isMatch && file !== undefined) create(bytes, file);
    else if (isMatch) for (const place of places) write(bytes, place);
    return { isMatch };
  };
  const create = (bytes, { path, temporary }) => {
    try {
      // Exclusive creation follows no link either.
      const fd = openSync(temporary, "wx", 0o600);
      try {
        write(bytes, { fd, at: 0, length: bytes.length, position: 0 });
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  };
  const write = (bytes, { fd, at, length, position }) => {
    for (let done = 0; done < length; ) done += writeSync(fd, bytes, at + done, length - done, position + done);
  };
  const outcome = (question) => {
    try {
      return answer(question);
    } catch ({ code, message }) {
      return { code, message };
    }
  };
  parentPort.on("message", (questions) => parentPort.postMessage(questions.map(outcome)));
`;

/** It keeps nothing. */
const RESOURCES = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };

interface Question {
  readonly bytes: Uint8Array;
  /** With places: to be written there if this is its hash. */
  readonly sha1?: Uint8Array;
  readonly places?: readonly FilePlace[];
  /** Instead of places. */
  readonly file?: PieceFile;
}

type Answer = Uint8Array | { readonly isMatch: boolean } | { readonly code: string; readonly message: string };

interface Waiting {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** Opens the thread that answers; throws where the system has none to give. */
export function openWorker(): Worker {
  return new Worker(PROGRAM, { eval: true, resourceLimits: RESOURCES });
}

/** The thread has gone, and what it was asked may be done or not. */
export class ThreadLostError extends Error {}

/** A thread that hashes shared memory. It runs from `start` until it was idle for a while, and never holds up the exit. */
export class HashThread {
  readonly #open: () => Worker;
  #worker: Worker | undefined;
  #isRunning = false;
  #idle: NodeJS.Timeout | undefined;
  /** Asked and not answered, in order; the last ones not posted yet. */
  readonly #waiting: Waiting[] = [];
  #unposted: Question[] = [];
  #postedMs = -Infinity;
  #posting: NodeJS.Timeout | undefined;
  #waitingBytes = 0;

  constructor(open: () => Worker) {
    this.#open = open;
  }

  /** Bytes that wait for their answer. */
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
    worker.on("message", (answers: readonly Answer[]) => this.#onAnswers(worker, answers));
    worker.on("error", (error) => this.#onLost(worker, new ThreadLostError(error.message, { cause: error })));
    worker.on("exit", (code) => this.#onLost(worker, new ThreadLostError(`The hashing thread ended with ${code}`)));
    worker.unref();
    return true;
  }

  /** SHA-1 of a view of a SharedArrayBuffer, while it runs; rejects with ThreadLostError when the thread breaks down. */
  async sha1(bytes: Uint8Array): Promise<Uint8Array> {
    const asked = this.#ask({ bytes });
    this.#post();
    const answer = await asked;
    if (answer instanceof Uint8Array) return answer;
    throw new ThreadLostError("The hashing thread cannot hash");
  }

  /**
   * Writes a view of a SharedArrayBuffer if its SHA-1 is `sha1`; resolves to whether it is. Rejects with the system's error,
   * and with ThreadLostError when the thread breaks down.
   */
  async writeIfMatching(bytes: Uint8Array, sha1: Uint8Array, places: readonly FilePlace[]): Promise<boolean> {
    return await this.#change({ bytes, sha1, places }, POST_PAUSE_MS);
  }

  /** The same into a file of its own, whole or not at all. */
  async createIfMatching(bytes: Uint8Array, sha1: Uint8Array, file: PieceFile): Promise<boolean> {
    return await this.#change({ bytes, sha1, file }, FILE_PAUSE_MS);
  }

  async #change(question: Question, pauseMs: number): Promise<boolean> {
    const asked = this.#ask(question);
    this.#postSoon(pauseMs);
    const answer = await asked;
    if ("isMatch" in answer) return answer.isMatch;
    if ("code" in answer) throw Object.assign(new Error(answer.message), { code: answer.code });
    throw new ThreadLostError("The hashing thread cannot write");
  }

  #ask(question: Question): Promise<Answer> {
    const worker = this.#worker;
    if (worker === undefined) return Promise.reject(new ThreadLostError("The hashing thread does not run"));
    clearTimeout(this.#idle);
    worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      this.#unposted.push(question);
      this.#waitingBytes += question.bytes.length;
    });
  }

  #postSoon(pauseMs: number): void {
    if (this.#posting !== undefined) return;
    const waitMs = this.#postedMs + pauseMs - performance.now();
    if (waitMs <= 0) this.#post();
    else this.#posting = setTimeout(() => this.#post(), waitMs);
  }

  #post(): void {
    clearTimeout(this.#posting);
    this.#posting = undefined;
    this.#postedMs = performance.now();
    const questions = this.#unposted;
    this.#unposted = [];
    if (questions.length > 0) this.#worker?.postMessage(questions);
  }

  #onAnswers(worker: Worker, answers: readonly Answer[]): void {
    const answered = this.#waiting.splice(0, answers.length);
    for (const { question } of answered) this.#waitingBytes -= question.bytes.length;
    if (this.#waiting.length === 0) this.#waitForWork(worker);
    for (const [at, { resolve, reject }] of answered.entries()) {
      const answer = answers[at];
      if (answer === undefined) reject(new ThreadLostError("The hashing thread gave no answer"));
      else resolve(answer);
    }
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
    clearTimeout(this.#posting);
    this.#posting = undefined;
    this.#worker = undefined;
    this.#isRunning = false;
  }

  #onLost(worker: Worker, error: ThreadLostError): void {
    if (this.#worker !== worker) return;
    this.#forget();
    this.#waitingBytes = 0;
    this.#unposted = [];
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
