import { concatBytes, utf8Decode } from "../../base/bytes.js";
import { isShoalError, ShoalError } from "../../base/errors.js";
import {
  bytesOf,
  decodeBencodePrefix,
  dictOf,
  encodeBencode,
  listOf,
  type BencodeDict,
  type BencodeInput,
} from "../../torrent/bencode.js";
import { MAX_ENDPOINT_BYTES, MAX_PEX_PEERS } from "../limits.js";
import { COMPACT_BYTES, decodeCompactAddress, encodeCompactAddress } from "./compact-address.js";

/** A peer as it is told to others. */
export interface PexPeer {
  /** tcp://ADDRESS:PORT, or ws:// or wss:// for those who know our own keys. */
  readonly endpoint: string;
  /** Wants nothing (BEP 11: 0x02). */
  readonly isSeed: boolean;
  /** The teller has dialled it (BEP 11: 0x10). */
  readonly isReachable: boolean;
}

/** A `ut_pex` message (BEP 11): who came and who went since the last one. */
export interface PexMessage {
  readonly added: readonly PexPeer[];
  /** Endpoints that were told before. */
  readonly dropped: readonly string[];
}

const SEED_FLAG = 0x02;
const REACHABLE_FLAG = 0x10;

/** Endpoints that fit neither compact form nor our own keys are left out. */
export function encodePexMessage({ added, dropped }: PexMessage): Uint8Array {
  const dict = new Map<string, BencodeInput>();
  for (const [key, length] of [["", COMPACT_BYTES.v4] as const, ["6", COMPACT_BYTES.v6] as const]) {
    const peers = added.filter(({ endpoint }) => compactOf(endpoint)?.length === length);
    dict.set(`added${key}`, concatBytes(peers.flatMap(({ endpoint }) => compactOf(endpoint) ?? [])));
    dict.set(`added${key}.f`, Uint8Array.from(peers, flagsOf));
    const gone = dropped.flatMap((endpoint) => compactOf(endpoint) ?? []);
    dict.set(`dropped${key}`, concatBytes(gone.filter((compact) => compact.length === length)));
  }
  const urls = added.filter(({ endpoint }) => isWebSocketUrl(endpoint));
  const goneUrls = dropped.filter(isWebSocketUrl);
  if (urls.length > 0) {
    dict.set(
      "added_ws",
      urls.map(({ endpoint }) => endpoint),
    );
    dict.set("added_ws.f", Uint8Array.from(urls, flagsOf));
  }
  if (goneUrls.length > 0) dict.set("dropped_ws", goneUrls);
  return encodeBencode(dict);
}

/**
 * Reads who came: MAX_PEX_PEERS at most, what is no usable address left out. Who went does not matter: whom we know we
 * judge by dialling. Throws ShoalError("wire") if it is no dictionary.
 */
export function decodePexMessage(payload: Uint8Array): PexMessage {
  const dict = decodeDict(payload);
  const added: PexPeer[] = [];
  const take = (endpoint: string | undefined, flags: number): void => {
    if (endpoint === undefined || added.length >= MAX_PEX_PEERS) return;
    const peer = { isSeed: (flags & SEED_FLAG) !== 0, isReachable: (flags & REACHABLE_FLAG) !== 0 };
    added.push({ endpoint, ...peer });
  };
  const urls = listOf(dict, "added_ws")?.slice(0, MAX_PEX_PEERS) ?? [];
  urls.forEach((url, index) => take(endpointUrl(url), bytesOf(dict, "added_ws.f")?.[index] ?? 0));
  for (const [key, length] of [["added", COMPACT_BYTES.v4] as const, ["added6", COMPACT_BYTES.v6] as const]) {
    const peers = bytesOf(dict, key) ?? new Uint8Array(0);
    const count = Math.min(MAX_PEX_PEERS, Math.floor(peers.length / length));
    for (let index = 0; index < count; index++) {
      const compact = peers.subarray(index * length, (index + 1) * length);
      take(decodeCompactAddress(compact), bytesOf(dict, `${key}.f`)?.[index] ?? 0);
    }
  }
  return { added, dropped: [] };
}

function flagsOf(peer: PexPeer): number {
  return (peer.isSeed ? SEED_FLAG : 0) | (peer.isReachable ? REACHABLE_FLAG : 0);
}

function compactOf(endpoint: string): Uint8Array | undefined {
  const url = parseUrl(endpoint);
  return url?.protocol === "tcp:" ? encodeCompactAddress(url.hostname, Number(url.port)) : undefined;
}

function isWebSocketUrl(endpoint: string): boolean {
  return /^wss?:\/\//.test(endpoint);
}

/** A stranger's URL leads to a peer or nowhere: nobody is to be made to ask a web server for something else. */
function endpointUrl(value: unknown): string | undefined {
  if (!(value instanceof Uint8Array) || value.length > MAX_ENDPOINT_BYTES) return undefined;
  const text = utf8Decode(value);
  if (text === undefined || !isWebSocketUrl(text)) return undefined;
  const url = parseUrl(text);
  if (url?.pathname.endsWith("/peer") !== true) return undefined;
  const isPlain = url.search === "" && url.hash === "" && url.username === "" && url.password === "";
  return isPlain ? url.href : undefined;
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function decodeDict(payload: Uint8Array): BencodeDict {
  try {
    const dict = dictOf(decodeBencodePrefix(payload).value);
    if (dict !== undefined) return dict;
  } catch (error) {
    if (!isShoalError(error)) throw error;
    throw new ShoalError("wire", "A peer exchange message that is not bencoded", { cause: error });
  }
  throw new ShoalError("wire", "A peer exchange message that is no dictionary");
}
