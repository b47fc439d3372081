/** Browsers let a page close with 1000 and 3000 to 4999 only; 1001 to 1015 travel as 4901 to 4915 there and are read back. */
const BROWSER_OFFSET = 3900;

/** What a WebSocket close frame holds for the reason, less the two bytes of the code. */
const MAX_REASON_BYTES = 123;

/** The code to put into a browser's close frame for `code`. */
export function codeForBrowser(code: number): number {
  return code > 1000 && code < 1016 ? code + BROWSER_OFFSET : code;
}

/** The code that the other side meant: 1005 (none given) counts as 1000. */
export function codeFromWire(code: number): number {
  if (code > 1000 + BROWSER_OFFSET && code < 1016 + BROWSER_OFFSET) return code - BROWSER_OFFSET;
  return code === 1005 ? 1000 : code;
}

/** The longest beginning of `message` that fits a close frame, cut between characters. */
export function fitReason(message: string): string {
  const encoder = new TextEncoder();
  const { read } = encoder.encodeInto(message, new Uint8Array(MAX_REASON_BYTES));
  return message.slice(0, read);
}
