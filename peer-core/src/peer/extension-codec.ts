import { assertNever } from "../base/invariant.js";
import { decodeClose, encodeClose, type Farewell } from "../wire/extensions/close-message.js";
import { decodeDontHave, encodeDontHave } from "../wire/extensions/dont-have-message.js";
import {
  decodeExtendedHandshake,
  encodeExtendedHandshake,
  LOCAL_EXTENSIONS,
  type ExtendedHandshake,
  type ExtensionName,
} from "../wire/extensions/extended-handshake.js";
import {
  decodeMetadataMessage,
  encodeMetadataMessage,
  type MetadataMessage,
} from "../wire/extensions/metadata-message.js";
import { decodePexMessage, encodePexMessage, type PexMessage } from "../wire/extensions/pex-message.js";
import { decodeKept, encodeKept } from "../wire/extensions/kept-message.js";
import { decodeUploadOnly, encodeUploadOnly } from "../wire/extensions/upload-only-message.js";
import { decodeWant, encodeWant } from "../wire/extensions/want-message.js";
import type { WireMessage } from "../wire/messages.js";

/** Messages of BEP 10 extensions, as the swarm sees them. */
export type ExtensionMessage =
  | { readonly type: "extended-handshake"; readonly handshake: ExtendedHandshake }
  | { readonly type: "metadata"; readonly metadata: MetadataMessage }
  | { readonly type: "dont-have"; readonly piece: number }
  | { readonly type: "pex"; readonly pex: PexMessage }
  | { readonly type: "upload-only"; readonly isUploadOnly: boolean }
  /** `bits`: a bitfield of pieces, not yet checked against the share. */
  | { readonly type: "want"; readonly bits: Uint8Array }
  | { readonly type: "kept"; readonly untilMs: number }
  | { readonly type: "close"; readonly farewell: Farewell };

type Extended = Extract<WireMessage, { type: "extended" }>;

/** The wire's form under the ids that the peer told; undefined when it did not tell one. */
export function encodeExtension(
  message: ExtensionMessage,
  remote: ExtendedHandshake["extensions"],
): Extended | undefined {
  switch (message.type) {
    case "extended-handshake":
      return { type: "extended", id: 0, payload: encodeExtendedHandshake(message.handshake) };
    case "metadata":
      return under(remote.ut_metadata, () => encodeMetadataMessage(message.metadata));
    case "dont-have":
      return under(remote.lt_donthave, () => encodeDontHave(message.piece));
    case "pex":
      return under(remote.ut_pex, () => encodePexMessage(message.pex));
    case "upload-only":
      return under(remote.upload_only, () => encodeUploadOnly(message.isUploadOnly));
    case "want":
      return under(remote.sh_want, () => encodeWant(message.bits));
    case "kept":
      return under(remote.sh_kept, () => encodeKept(message.untilMs));
    case "close":
      return under(remote.sh_close, () => encodeClose(message.farewell));
    default:
      return assertNever(message);
  }
}

/** Undefined for an id that we never announced. Throws ShoalError("wire") for a payload that does not parse. */
export function decodeExtension(message: Extended): ExtensionMessage | undefined {
  if (message.id === 0) return { type: "extended-handshake", handshake: decodeExtendedHandshake(message.payload) };
  switch (nameOf(message.id)) {
    case "ut_metadata": {
      const metadata = decodeMetadataMessage(message.payload);
      return metadata && { type: "metadata", metadata };
    }
    case "lt_donthave":
      return { type: "dont-have", piece: decodeDontHave(message.payload) };
    case "ut_pex":
      return { type: "pex", pex: decodePexMessage(message.payload) };
    case "upload_only":
      return { type: "upload-only", isUploadOnly: decodeUploadOnly(message.payload) };
    case "sh_want":
      return { type: "want", bits: decodeWant(message.payload) };
    case "sh_kept":
      return { type: "kept", untilMs: decodeKept(message.payload) };
    case "sh_close":
      return { type: "close", farewell: decodeClose(message.payload) };
    case undefined:
      return undefined;
  }
}

function nameOf(id: number): ExtensionName | undefined {
  const names = Object.keys(LOCAL_EXTENSIONS) as ExtensionName[];
  return names.find((name) => LOCAL_EXTENSIONS[name] === id);
}

function under(id: number | undefined, encode: () => Uint8Array): Extended | undefined {
  return id === undefined || id === 0 ? undefined : { type: "extended", id, payload: encode() };
}
