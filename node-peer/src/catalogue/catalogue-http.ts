import { messageOf, ShoalError } from "@shoal/peer-core";
import * as v from "valibot";

/** A catalogue that has not answered by then counts as unreachable. */
const TIMEOUT_MS = 10_000;
/** A page of 50 entries with names of 255 bytes has about 40 KiB. */
const MAX_JSON_BYTES = 4 * 1024 * 1024;

const failureSchema = v.object({ error: v.object({ code: v.string(), message: v.string() }) });

export interface CatalogueRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly body?: Uint8Array | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly maxBytes?: number | undefined;
  readonly signal: AbortSignal;
}

export interface CatalogueAnswer {
  readonly status: number;
  readonly bytes: Uint8Array;
}

/**
 * Sends one request to a hub's HTTP API. A 404 is an answer; any other failure throws ShoalError("tracker") with what
 * the hub said, ShoalError("aborted") when `signal` fires.
 */
export async function askCatalogue(request: CatalogueRequest): Promise<CatalogueAnswer> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await receive(request, AbortSignal.any([timeout, request.signal])).catch((error: unknown) => {
    if (request.signal.aborted) throw new ShoalError("aborted", "Interrupted", { cause: error });
    if (error instanceof ShoalError) throw error;
    const why = timeout.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : reasonOf(error);
    throw new ShoalError("tracker", `Cannot reach the catalogue at ${originOf(request.url)}: ${why}`, { cause: error });
  });
  if (answer.status < 400 || answer.status === 404) return answer;
  throw new ShoalError("tracker", `The catalogue at ${originOf(request.url)} refused: ${failureText(answer)}`);
}

/** The JSON of an answer through `schema`; throws ShoalError("tracker") when it is something else. */
export function parseAnswer<T extends v.GenericSchema>(
  schema: T,
  answer: CatalogueAnswer,
  url: string,
): v.InferOutput<T> {
  try {
    return v.parse(schema, JSON.parse(new TextDecoder().decode(answer.bytes)));
  } catch (error) {
    throw new ShoalError("tracker", `${originOf(url)} does not answer as a catalogue of Shoal does`, { cause: error });
  }
}

async function receive(request: CatalogueRequest, signal: AbortSignal): Promise<CatalogueAnswer> {
  const response = await fetch(request.url, {
    method: request.method,
    body: request.body ? new Blob([Uint8Array.from(request.body)]) : null,
    headers: { ...request.headers },
    redirect: "error",
    signal,
  });
  return { status: response.status, bytes: await readBody(response, request.maxBytes ?? MAX_JSON_BYTES) };
}

async function readBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let total = 0;
  if (response.body) {
    for await (const part of response.body as AsyncIterable<Uint8Array>) {
      total += part.length;
      if (total > maxBytes)
        throw new ShoalError("tracker", `${originOf(response.url)} answered with more than ${maxBytes} bytes`);
      parts.push(part);
    }
  }
  return Buffer.concat(parts, total);
}

function failureText(answer: CatalogueAnswer): string {
  try {
    return v.parse(failureSchema, JSON.parse(new TextDecoder().decode(answer.bytes))).error.message;
  } catch {
    return `HTTP status ${answer.status}`;
  }
}

/** fetch hides what happened in `cause`: ECONNREFUSED there is worth more than "fetch failed". */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") {
    return cause.code === "ECONNREFUSED" ? "connection refused" : cause.message || cause.code;
  }
  return cause instanceof Error ? cause.message : messageOf(error);
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
