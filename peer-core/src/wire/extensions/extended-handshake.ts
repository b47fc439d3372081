import { isShoalError, ShoalError } from "../../base/errors.js";
import {
  bytesOf,
  decodeBencodePrefix,
  dictOf,
  encodeBencode,
  intOf,
  textOf,
  type BencodeDict,
  type BencodeInput,
} from "../../torrent/bencode.js";
import { MAX_ENDPOINT_BYTES, MAX_METADATA_BYTES } from "../limits.js";

/** Names of the extensions that we speak, with the ids under which we receive them (BEP 10). */
export const LOCAL_EXTENSIONS = {
  ut_metadata: 1,
  lt_donthave: 2,
  ut_pex: 3,
  upload_only: 4,
  sh_close: 5,
  sh_want: 6,
  sh_kept: 7,
} as const;
export type ExtensionName = keyof typeof LOCAL_EXTENSIONS;

/** What a peer tells of itself in the extended handshake. Everything is optional: strangers send what they like. */
export interface ExtendedHandshake {
  /** Ids under which the peer receives our messages; 0 switches one off (BEP 10). */
  readonly extensions: Partial<Record<ExtensionName, number>>;
  /** Name and version of the software, at most 64 characters, not safe to print raw. */
  readonly client?: string | undefined;
  /** TCP port at which it listens, at the address from which it is seen (BEP 10). */
  readonly listenPort?: number | undefined;
  /** Requests that the peer queues (BEP 10). */
  readonly requestQueue?: number | undefined;
  /** Bytes of `info` (BEP 9). */
  readonly metadataSize?: number | undefined;
  /** Wants nothing (BEP 21). */
  readonly uploadOnly?: boolean | undefined;
  /** Longest `request` in bytes that it serves: ours alone. */
  readonly blockMax?: number | undefined;
  /** Absolute URL at which it can be dialled: ours alone. */
  readonly endpoint?: string | undefined;
  /** Carries pieces between peers that cannot dial each other: ours alone. */
  readonly isRelay?: boolean | undefined;
  /** The receiver's address as the sender sees it, 4 or 16 bytes (BEP 10): told, not read. */
  readonly yourIp?: Uint8Array | undefined;
}

const MAX_CLIENT_LENGTH = 64;

export function encodeExtendedHandshake(handshake: ExtendedHandshake): Uint8Array {
  const dict = new Map<string, BencodeInput>([["m", new Map(Object.entries(handshake.extensions))]]);
  const put = (key: string, value: BencodeInput | undefined) => value !== undefined && dict.set(key, value);
  put("v", handshake.client);
  put("p", handshake.listenPort);
  put("reqq", handshake.requestQueue);
  put("metadata_size", handshake.metadataSize);
  if (handshake.uploadOnly !== undefined) put("upload_only", handshake.uploadOnly ? 1 : 0);
  put("block_max", handshake.blockMax);
  put("endpoint", handshake.endpoint);
  if (handshake.isRelay === true) put("relay", 1);
  put("yourip", handshake.yourIp);
  return encodeBencode(dict);
}

/** Reads a peer's handshake; fields of a wrong type or range count as absent. Throws ShoalError("wire") if it is no dictionary. */
export function decodeExtendedHandshake(payload: Uint8Array): ExtendedHandshake {
  const dict = decodeDict(payload);
  const uploadOnly = intOf(dict, "upload_only");
  const relay = intOf(dict, "relay");
  return {
    extensions: extensionsOf(dict),
    client: textOf(dict, "v")?.slice(0, MAX_CLIENT_LENGTH),
    listenPort: inRange(intOf(dict, "p"), 1, 65_535),
    requestQueue: inRange(intOf(dict, "reqq"), 1, 1_000_000),
    metadataSize: inRange(intOf(dict, "metadata_size"), 1, MAX_METADATA_BYTES),
    uploadOnly: uploadOnly === undefined ? undefined : uploadOnly !== 0,
    blockMax: inRange(intOf(dict, "block_max"), 16_384, 2 ** 31),
    endpoint: (bytesOf(dict, "endpoint")?.length ?? 0) <= MAX_ENDPOINT_BYTES ? textOf(dict, "endpoint") : undefined,
    isRelay: relay === undefined ? undefined : relay === 1,
  };
}

function extensionsOf(dict: BencodeDict): Partial<Record<ExtensionName, number>> {
  const names = dictOf(dict.get("m"));
  const extensions: Partial<Record<ExtensionName, number>> = {};
  if (names === undefined) return extensions;
  for (const name of Object.keys(LOCAL_EXTENSIONS) as ExtensionName[]) {
    const id = inRange(intOf(names, name), 0, 255);
    if (id !== undefined) extensions[name] = id;
  }
  return extensions;
}

function decodeDict(payload: Uint8Array): BencodeDict {
  try {
    // What follows the dictionary is nobody's business: other clients do not look there either.
    const dict = dictOf(decodeBencodePrefix(payload).value);
    if (dict !== undefined) return dict;
  } catch (error) {
    if (!isShoalError(error)) throw error;
    throw new ShoalError("wire", "The extended handshake is not bencoded", { cause: error });
  }
  throw new ShoalError("wire", "The extended handshake is not a dictionary");
}

function inRange(value: number | undefined, low: number, high: number): number | undefined {
  return value !== undefined && value >= low && value <= high ? value : undefined;
}
