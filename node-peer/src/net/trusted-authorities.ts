import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import {
  connect,
  createSecureContext,
  rootCertificates,
  type ConnectionOptions,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import { messageOf, ShoalError } from "@shoal/peer-core";
import type { CreateConnection } from "@shoal/peer-core/platform";

/** Certificates of a company or a test have some KiB, the system's whole bundle a quarter of a MiB. */
const MAX_CA_BYTES = 4 * 1024 * 1024;

/**
 * Whom all of this process believes besides the authorities that Node knows, as a system's own list would be believed by
 * all: set at the start or never.
 */
let trusted: SecureContext | undefined;

/**
 * From now on the certificates in a PEM file are trusted for every https:// and wss:// of this process. Rejects with
 * ShoalError("source") when there is none in it.
 */
export async function trustAuthorities(file: string): Promise<void> {
  try {
    const pem = await readFile(file);
    if (pem.length > MAX_CA_BYTES) throw new Error(`it has more than ${MAX_CA_BYTES} bytes`);
    // Given a file without any, Node trusts nobody, and says nothing.
    if (!pem.includes("-----BEGIN CERTIFICATE-----")) throw new Error("there is no certificate in PEM format in it");
    trusted = createSecureContext({ ca: [...rootCertificates, pem.toString("latin1")] });
  } catch (error) {
    throw new ShoalError("source", `Cannot take authorities from ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** Options for `https` with which they are trusted. */
export function trustOptions(): { readonly secureContext?: SecureContext } {
  return trusted === undefined ? {} : { secureContext: trusted };
}

/** Opens the socket of a wss:// link, as `ws` does it itself, trusting them. */
function connectTrusting({ host = "", servername, ...options }: ConnectionOptions): TLSSocket {
  // An address is no server name (RFC 6066), and a path would be that of a Unix socket.
  const name = servername ?? (isIP(host) === 0 ? host : "");
  return connect({ ...options, ...trustOptions(), host, servername: name, path: undefined });
}

/** `connectTrusting` as `ws` wants it: `tls.connect` has more ways to be called, of which `ws` uses this one. */
export const connectSecurely = connectTrusting as CreateConnection;
