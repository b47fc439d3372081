/** An event handler, compared as methods are: `ws` and browsers pass events that say more than is asked for here. */
type Handler<E> = { handle(event: E): void }["handle"] | null;

/** What a browser's WebSocket and that of `ws` have in common, and the few things only `ws` has. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: Handler<unknown>;
  onmessage: Handler<{ readonly data: unknown }>;
  onerror: Handler<{ readonly error?: unknown }>;
  onclose: Handler<{ readonly code: number; readonly reason: string }>;
  /** `ws` calls `onWritten` when the bytes have left the process, or with an error; a browser ignores it. */
  send(bytes: Uint8Array, onWritten?: (error?: Error | null) => void): void;
  close(code?: number, reason?: string): void;
  /** `ws` only: drops the link at once. */
  terminate?(): void;
}
