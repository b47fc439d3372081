/** Why a link closed, in WebSocket close codes. A link without such (TCP) tells the other side 1000 and no message. */
export interface CloseReason {
  /** 1000 done · 1002 protocol error · 1006 lost · 4000… as in docs/protocol.md. */
  readonly code: number;
  readonly message: string;
  /** True when the other side (or the network) closed. */
  readonly remote: boolean;
}

export interface ConnectionEvents {
  /** Bytes in order, cut anywhere. The view is valid during the call only. */
  onBytes(bytes: Uint8Array): void;
  /**
   * Where the next bytes are wanted. An adapter that reads into memory of others' choice asks before each read, fills it
   * from its start and hands that over by `onBytes`; undefined: into its own memory.
   */
  roomForBytes?(): Uint8Array | undefined;
  /** `queuedBytes` has fallen to `drainBytes` or below after having been above it. */
  onDrain(): void;
  /** Exactly once, last, for either side's close or a loss. Nothing is delivered after it. */
  onClosed(reason: CloseReason): void;
}

/**
 * One open, ordered, reliable link to a peer. Delivery is by call, not by a queue: the receiver handles bytes as they
 * come, so nothing builds up between the socket and the decoder.
 */
export interface Connection {
  /** For logs and people: the URL dialled, or the address that came in. */
  readonly label: string;
  /** IP address of the other side where the platform tells; what bans and per-address limits count by. */
  readonly remoteAddress: string | undefined;
  /**
   * True for a web server that is made to look like a seed: it is asked for neighbouring pieces one after the other, and
   * is no peer that others could be told of.
   */
  readonly isWebSeed?: boolean;
  /** Bytes handed to `send` that have not left the process. */
  readonly queuedBytes: number;
  /** The level at which `onDrain` fires; at least 64 KiB, set by the adapter. */
  readonly drainBytes: number;
  /** Starts delivery, once. What arrived before is kept by the adapter (within its message limit) and delivered asynchronously. */
  attach(events: ConnectionEvents): void;
  /**
   * Queues whole peer-wire messages. The buffer belongs to the link from now on, until `onSent` gives it back: at most
   * once, when the bytes have left or been copied, during the call at the earliest. A no-op once closed.
   */
  send(bytes: Uint8Array, onSent?: (bytes: Uint8Array) => void): void;
  /** Sends what is queued, then closes; asks once, later calls are no-ops. `onClosed` follows asynchronously, within 5 s. */
  close(code: number, message: string): void;
}

export interface Dialer {
  /** True for addresses (URLs) of a kind that this dialer can open, whether or not anybody answers. */
  canDial(address: string): boolean;
  /**
   * Opens a link to `address`. Rejects with ShoalError("connection") when it is refused, lost, or `timeoutMs` pass,
   * with ShoalError("aborted") when `signal` fires first.
   */
  dial(address: string, signal: AbortSignal): Promise<Connection>;
}
