import { lookup as lookupAddresses } from "node:dns";
import { Agent as HttpAgent, get as getHttp, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, get as getHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { isPrivateHost, ShoalError } from "@shoal/peer-core";
import { trustOptions } from "../net/trusted-authorities.js";

/** Replies have some KiB; this leaves room for any tracker's and none for mischief. */
const MAX_BODY_BYTES = 1024 * 1024;
/** From http to https and from one name to another; more is a loop. */
const MAX_REDIRECTS = 3;
/** Requests at once to one tracker, however many shares are announced there. */
const MAX_SOCKETS = 8;
const agents = { http: new HttpAgent({ maxSockets: MAX_SOCKETS }), https: new HttpsAgent({ maxSockets: MAX_SOCKETS }) };

const decompress = promisify(gunzip);

export interface HttpGetOptions {
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Uint8Array;
  /** IP address of who answered, where the system tells it. */
  readonly address: string | undefined;
  /** What a server asks for that is too busy (RFC 9110), in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

interface Hop {
  readonly answer: HttpAnswer;
  readonly location: string | undefined;
}

/**
 * Asks a tracker by GET and follows a few redirects. Throws ShoalError("tracker") for what is too long or forbidden,
 * and what Node throws for everything else. A stranger's file must not make us send requests to services of this
 * machine or its network: those are asked for announces and scrapes only, and never because a public server says so.
 */
export async function httpGet(url: URL, options: HttpGetOptions): Promise<HttpAnswer> {
  let at = url;
  let mayBePrivate = true;
  for (let redirects = 0; ; redirects++) {
    const { answer, location } = await getOnce(at, mayBePrivate && isTrackerPath(at), options);
    if (location === undefined) return answer;
    if (redirects === MAX_REDIRECTS) throw new ShoalError("tracker", "redirects without end");
    mayBePrivate &&= answer.address !== undefined && isPrivateHost(answer.address);
    at = redirectTarget(location, at);
  }
}

function isTrackerPath({ pathname }: URL): boolean {
  return /\/(announce|scrape)[^/]*$/.test(pathname);
}

function redirectTarget(location: string, from: URL): URL {
  if (URL.canParse(location, from.href)) {
    const target = new URL(location, from);
    if (/^https?:$/.test(target.protocol)) return target;
  }
  throw new ShoalError("tracker", "redirects to something that is not HTTP");
}

async function getOnce(url: URL, mayBePrivate: boolean, { userAgent, signal }: HttpGetOptions): Promise<Hop> {
  if (!mayBePrivate && isPrivateHost(url.hostname)) throw forbidden();
  const isSecure = url.protocol === "https:";
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = (isSecure ? getHttps : getHttp)(
      url,
      {
        agent: isSecure ? agents.https : agents.http,
        headers: { "User-Agent": userAgent, "Accept-Encoding": "gzip" },
        ...(mayBePrivate ? {} : { lookup: lookupPublic }),
        ...trustOptions(),
        signal,
      },
      resolve,
    );
    request.on("error", reject);
  });
  const { statusCode: status = 0, headers, socket } = response;
  const address = socket.remoteAddress;
  if (status >= 300 && status < 400 && headers.location !== undefined) {
    response.destroy();
    return { answer: { status, body: new Uint8Array(), address, retryAfterMs: undefined }, location: headers.location };
  }
  const body = await readBody(response);
  return { answer: { status, body, address, retryAfterMs: retryAfterMs(headers["retry-after"]) }, location: undefined };
}

async function readBody(response: IncomingMessage): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of response as AsyncIterable<Uint8Array>) {
    total += part.length;
    if (total > MAX_BODY_BYTES) throw tooLong();
    parts.push(part);
  }
  const body = Buffer.concat(parts, total);
  if (!/^(x-)?gzip$/i.test(response.headers["content-encoding"] ?? "")) return body;
  try {
    return await decompress(body, { maxOutputLength: MAX_BODY_BYTES });
  } catch (error) {
    if (error instanceof RangeError) throw tooLong();
    throw new ShoalError("tracker", "answered with broken compression", { cause: error });
  }
}

/** A name may lead to this network, too: what a name says nothing about, its addresses do. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookupAddresses(hostname, { ...options, all: true }, (error, found) => {
    // Node leaves `found` out when there is an error, whatever its types say.
    if (error) return callback(error, "");
    const addresses = found.filter(({ address }) => !isPrivateHost(address));
    const [first] = addresses;
    if (first === undefined) callback(forbidden(), "");
    else if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

function retryAfterMs(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1_000 : undefined;
}

function forbidden(): ShoalError {
  return new ShoalError("tracker", "leads to this machine or its network, where only a path …/announce is asked");
}

function tooLong(): ShoalError {
  return new ShoalError("tracker", `answered with more than ${MAX_BODY_BYTES} bytes`);
}
