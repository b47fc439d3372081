import { concatBytes } from "../src/base/bytes.js";
import type { CloseReason, Connection, ConnectionEvents } from "../src/ports/connection.js";

/** Attaches to a connection and keeps what it is told, in order. */
export class ConnectionRecorder implements ConnectionEvents {
  /** "bytes", "drain" or "closed", as they came. */
  readonly events: ("bytes" | "drain" | "closed")[] = [];
  readonly closed: CloseReason[] = [];
  /** Called after each event that was recorded. */
  react: (event: "bytes" | "drain" | "closed") => unknown = () => undefined;
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(connection: Connection) {
    connection.attach(this);
  }

  /** Bytes received so far. */
  get length(): number {
    return this.#length;
  }

  /** What was received so far, joined. */
  get received(): Uint8Array {
    this.#parts = [concatBytes(this.#parts)];
    return this.#parts[0] ?? new Uint8Array(0);
  }

  get isClosed(): boolean {
    return this.closed.length > 0;
  }

  onBytes(bytes: Uint8Array): void {
    // A copy: the view is good during the call only.
    this.#parts.push(new Uint8Array(bytes));
    this.#length += bytes.length;
    this.#note("bytes");
  }

  onDrain(): void {
    this.#note("drain");
  }

  onClosed(reason: CloseReason): void {
    this.closed.push(reason);
    this.#note("closed");
  }

  #note(event: "bytes" | "drain" | "closed"): void {
    this.events.push(event);
    this.react(event);
  }
}
