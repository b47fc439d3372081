import { ShoalError } from "@shoal/peer-core/torrent";
import type { StorageCommand, StorageEvent, StorageOutcome } from "./storage-messages.js";

/** The other thread, or in tests a port that leads to the desk. */
export interface StorageThread {
  postMessage(command: StorageCommand, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<StorageEvent>) => void) | null;
  onerror?: ((event: ErrorEvent) => void) | null;
  /** Ends it, and lets go of the files that it has open. */
  terminate?(): void;
}

type WithoutCall<Command> = Command extends StorageCommand ? Omit<Command, "call"> : never;

/** A command before it has a number. */
export type StorageRequest = WithoutCall<StorageCommand>;

type Failed = Extract<StorageOutcome, { kind: "failed" }>;

interface Asked {
  readonly resolve: (outcome: StorageOutcome) => void;
  readonly reject: (error: ShoalError) => void;
}

/** Questions and answers between the engine and the thread that has its files. */
export class StorageLine {
  readonly #thread: StorageThread;
  readonly #asked = new Map<number, Asked>();
  #calls = 0;
  #lost: ShoalError | undefined;

  private constructor(thread: StorageThread) {
    this.#thread = thread;
  }

  /** Resolves once the thread is there; undefined when it has no files, or cannot be loaded. */
  static async open(thread: StorageThread): Promise<StorageLine | undefined> {
    const line = new StorageLine(thread);
    return await new Promise((resolve) => {
      thread.onmessage = ({ data: event }) => {
        if (event.type === "ready") resolve(event.hasFiles ? line : undefined);
        else line.#onAnswer(event);
      };
      thread.onerror = ({ message }) => {
        resolve(undefined);
        // One that has failed in one thing may go on with others, and hold what the next one needs.
        thread.terminate?.();
        line.#lose(message);
      };
    });
  }

  /** False once the thread is gone: everything is rejected then. */
  get isUp(): boolean {
    return this.#lost === undefined;
  }

  /** Resolves to what was expected of a command; rejects with ShoalError "disk" or "disk-full". */
  async ask<Kind extends StorageOutcome["kind"]>(
    request: StorageRequest,
    kind: Kind,
    onFailed?: (failed: Failed) => void,
  ): Promise<Extract<StorageOutcome, { kind: Kind }>> {
    const outcome = await this.#send(request);
    if (outcome.kind === kind) return outcome as Extract<StorageOutcome, { kind: Kind }>;
    if (outcome.kind !== "failed") throw new ShoalError("disk", `Storage said ${outcome.kind} instead of ${kind}`);
    onFailed?.(outcome);
    throw new ShoalError(outcome.code, outcome.message);
  }

  async #send(request: StorageRequest): Promise<StorageOutcome> {
    if (this.#lost !== undefined) throw this.#lost;
    const call = ++this.#calls;
    return await new Promise((resolve, reject) => {
      this.#asked.set(call, { resolve, reject });
      this.#thread.postMessage({ ...request, call }, memoryOf(request));
    });
  }

  #onAnswer({ call, outcome }: Extract<StorageEvent, { type: "answer" }>): void {
    this.#asked.get(call)?.resolve(outcome);
    this.#asked.delete(call);
  }

  #lose(message: string): void {
    this.#lost = new ShoalError("disk", `The thread that stores what comes has ended: ${message}`);
    for (const { reject } of this.#asked.values()) reject(this.#lost);
    this.#asked.clear();
  }
}

/** What moves to the other thread with a command. */
function memoryOf(request: StorageRequest): Transferable[] {
  if (request.type === "write-if-matching") return [request.data.buffer];
  return request.type === "read" ? [request.into.buffer] : [];
}
