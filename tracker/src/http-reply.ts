import type { IncomingMessage, ServerResponse } from "node:http";

/** Why a request is refused, as `{"error":{"code","message"}}` tells it; see docs/tracker-api.md for the codes. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.code = code;
  }
}

/** Answers with a body; HEAD gets the same headers. Nothing of ours is cached or guessed at. */
export function reply(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.statusCode = status;
  response.setHeader("Content-Type", type);
  response.setHeader("Content-Length", Buffer.byteLength(body));
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.end(body);
}

/** Answers with JSON. */
export function replyJson(response: ServerResponse, status: number, value: unknown): void {
  reply(response, status, "application/json; charset=utf-8", JSON.stringify(value));
}

/** Answers with the error, and lets go of a request whose body nobody is going to read. */
export function replyError(request: IncomingMessage, response: ServerResponse, error: HttpError): void {
  if (response.headersSent) return void response.destroy();
  if (!request.complete) response.setHeader("Connection", "close");
  replyJson(response, error.status, { error: { code: error.code, message: error.message } });
}

/**
 * The whole body. Rejects with HttpError 413 above `maxBytes`, before reading it where the length is declared, and with
 * 503 when `claim` says that there is no memory for the next so many bytes.
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  claim: (bytes: number) => boolean,
): Promise<Uint8Array> {
  const tooLarge = new HttpError(413, "too-large", `At most ${maxBytes} bytes are accepted`);
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge;
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxBytes) throw tooLarge;
    if (!claim(part.length)) throw new HttpError(503, "busy", "Too much is being published at this moment, try again");
    parts.push(part);
  }
  return Buffer.concat(parts);
}
