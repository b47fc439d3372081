import { concatBytes } from "../base/bytes.js";

/** Small messages leave together, up to this many bytes in one write. */
export const BATCH_BYTES = 262_144;

/**
 * Collects the messages of one turn and writes them together at its end: one write costs as much as twenty messages.
 * Those that are in no hurry wait for others, and for whoever flushes.
 */
export class Outbox {
  readonly #write: (bytes: Uint8Array) => void;
  #messages: Uint8Array[] = [];
  #bytes = 0;
  #isDue = false;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  add(message: Uint8Array): void {
    this.addUnhurried(message);
    if (this.#isDue) return;
    this.#isDue = true;
    void Promise.resolve().then(() => this.flush());
  }

  /** Leaves with the next ones. */
  addUnhurried(message: Uint8Array): void {
    this.#bytes += message.length;
    this.#messages.push(message);
  }

  /** Writes what is there now. */
  flush(): void {
    const messages = this.#messages;
    this.#isDue = false;
    if (messages.length === 0) return;
    this.clear();
    for (const batch of batches(messages)) this.#write(batch);
  }

  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
  }
}

function* batches(messages: readonly Uint8Array[]): Generator<Uint8Array> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (bytes > 0 && bytes + message.length > BATCH_BYTES) {
      yield concatBytes(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(message);
    bytes += message.length;
  }
  if (bytes > 0) yield batch.length === 1 && batch[0] !== undefined ? batch[0] : concatBytes(batch);
}
