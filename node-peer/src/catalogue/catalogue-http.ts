import { messageOf, ShoalError } from "@shoal/peer-core";
import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import * as v from "valibot";
import { trustOptions } from "../net/trusted-authorities.js";

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
  // Redirects are refused: they could lead anywhere.
  if (answer.status < 300 || answer.status === 404) return answer;
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

/** By node:http: loading `fetch` takes longer than all that a download asks of a hub nearby. */
async function receive(request: CatalogueRequest, signal: AbortSignal): Promise<CatalogueAnswer> {
  const { method, url, body, headers } = request;
  const open = new URL(url).protocol === "https:" ? requestHttps : requestHttp;
  return await new Promise((resolve, reject) => {
    const asked = open(url, { method, headers: { ...headers }, signal, ...trustOptions() }, (response) => {
      const status = response.statusCode ?? 0;
      readBody(response, request).then((bytes) => resolve({ status, bytes }), reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

async function readBody(response: IncomingMessage, { url, maxBytes }: CatalogueRequest): Promise<Uint8Array> {
  const limit = maxBytes ?? MAX_JSON_BYTES;
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of response as AsyncIterable<Uint8Array>) {
    total += part.length;
    if (total > limit) throw new ShoalError("tracker", `${originOf(url)} answered with more than ${limit} bytes`);
    parts.push(part);
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

/** A host with several addresses fails with an error that has a code and no message. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code === "ECONNREFUSED" ? "connection refused" : messageOf(error) || code;
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
