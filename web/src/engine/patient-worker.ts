import type { EngineCommand, EngineEvent } from "./messages.js";

/** A worker, or what stands for one in tests. */
export interface EngineThread {
  onmessage: ((event: MessageEvent<EngineEvent>) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(command: EngineCommand): void;
  terminate(): void;
}

/** How long after a script that did not come it is asked for again; the last one then and ever after. */
const AGAIN_MS = [500, 2_000, 5_000] as const;

/**
 * The engine's worker. Its script may not come at the first time, when a connection was cut: then it is asked for again and
 * told once more what it is to do; the person hears of it when that does not help.
 */
export class PatientWorker {
  readonly #start: () => EngineThread;
  readonly #onEvent: (event: EngineEvent) => void;
  #thread: EngineThread;
  /** What nobody may have heard yet; undefined once the worker has said something. */
  #unheard: EngineCommand[] | undefined = [];
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `start` makes a new worker each time. */
  constructor(start: () => EngineThread, onEvent: (event: EngineEvent) => void) {
    this.#start = start;
    this.#onEvent = onEvent;
    this.#thread = this.#open();
  }

  post(command: EngineCommand): void {
    this.#unheard?.push(command);
    this.#thread.postMessage(command);
  }

  /** Ends it at once. */
  close(): void {
    clearTimeout(this.#timer);
    this.#thread.terminate();
  }

  #open(): EngineThread {
    const thread = this.#start();
    thread.onmessage = ({ data }) => {
      this.#unheard = undefined;
      this.#onEvent(data);
    };
    thread.onmessageerror = () => this.#onEvent({ type: "broken", message: "The engine said what could not be read" });
    // Of a script that has not come there is nothing to tell: only of one that was run and failed there is a message.
    thread.onerror = ({ message }: Partial<ErrorEvent>) => {
      if (this.#unheard === undefined || message)
        this.#onEvent({ type: "broken", message: message || "The engine ended" });
      else this.#onNotLoaded(thread);
    };
    return thread;
  }

  #onNotLoaded(thread: EngineThread): void {
    thread.terminate();
    const waitMs = AGAIN_MS[Math.min(this.#failures++, AGAIN_MS.length - 1)];
    if (this.#failures >= AGAIN_MS.length) this.#onEvent({ type: "not-loaded" });
    this.#timer = setTimeout(() => {
      this.#thread = this.#open();
      for (const command of this.#unheard ?? []) this.#thread.postMessage(command);
    }, waitMs);
  }
}
