/** What went wrong, as callers may test it. Texts are for people and may change; codes may not. */
export type ErrorCode =
  // Their fault: bytes from outside that do not parse or break a rule.
  | "bencode"
  | "metainfo"
  | "unsafe-name"
  | "link"
  | "wire"
  | "bad-content"
  // The world's fault.
  | "connection"
  | "tracker"
  | "not-found"
  | "no-peers"
  | "disk"
  | "disk-full"
  | "exists"
  | "source"
  | "source-changed"
  | "limit"
  | "aborted";

/** The one error class of Shoal: a `code` from a closed union, a message that says expected and actual, a `cause`. */
export class ShoalError extends Error {
  readonly code: ErrorCode;
  /** Where somebody refused and said when to ask again: how long to leave it alone; Infinity for ever. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown; retryAfterMs?: number | undefined }) {
    super(message, options);
    this.name = "ShoalError";
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** True when `error` is ours and carries `code` (any of ours when `code` is left out). */
export function isShoalError(error: unknown, code?: ErrorCode): error is ShoalError {
  return error instanceof ShoalError && (code === undefined || error.code === code);
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
