import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** A few reads' worth for a fast peer; it fits a processor's second cache. */
const BUFFER_BYTES = 256 * 1024;

/** One for all sockets: what has been read is handed on before the next read. */
let buffer: Buffer | undefined;

/** What Node keeps behind a socket, as far as it is needed here. */
interface Handle {
  reading: boolean;
  readStop(): void;
}

/**
 * Takes over a connected socket and has all that comes read into one buffer, of which `onBytes` gets views that are valid
 * during the call only. Returns the stream to write to and to listen at; `socket` closes with it.
 *
 * Node reads into memory of others' choice (`onread`) only where a Socket is made, and makes those that come in itself,
 * with 64 KiB of new memory for each read: at a relay's speed, a fifth of its processor time goes into collecting that.
 * So a new Socket is made of the old one's handle. Where there is no such handle, Node's own memory is used.
 */
export function readInPlace(socket: Duplex, onBytes: (bytes: Buffer) => void): Duplex {
  const stream = takeOver(socket, onBytes) ?? socket;
  // A handle that does not know user buffers would still deliver in the ordinary way.
  stream.on("data", onBytes);
  return stream;
}

function takeOver(socket: Duplex, onBytes: (bytes: Buffer) => void): Socket | undefined {
  const handle = handleOf(socket);
  if (handle === undefined || socket.destroyed) return undefined;
  const into = (buffer ??= Buffer.allocUnsafeSlow(BUFFER_BYTES));
  handle.readStop();
  handle.reading = false;
  Object.assign(socket, { _handle: null });
  const callback = (length: number): boolean => {
    onBytes(into.subarray(0, length));
    return true;
  };
  const options = { handle, allowHalfOpen: true, onread: { buffer: into, callback } };
  const stream = new Socket(options);
  stream.on("close", () => void socket.destroy());
  return stream;
}

/** Of a plain TCP socket only: what TLS has behind it is another thing. */
function handleOf(socket: Duplex): Handle | undefined {
  if (!(socket instanceof Socket) || "encrypted" in socket || socket.readableLength > 0) return undefined;
  const { _handle: handle } = socket as unknown as { readonly _handle?: Partial<Handle> | null };
  const isKnown = typeof handle?.readStop === "function" && typeof handle.reading === "boolean";
  return isKnown ? (handle as Handle) : undefined;
}
