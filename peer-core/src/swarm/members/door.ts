import { addressBytes } from "../../wire/extensions/compact-address.js";

/** What tells of a connected peer's doors. */
interface DoorOwner {
  /** Of the link; no address at all where the system has forgotten it. */
  readonly address: string | undefined;
  readonly remote: { readonly listenPort: number | undefined };
}

/**
 * A door is a listening port, named HOST:PORT: a peer of ours takes plain TCP and WebSockets at one port, so that
 * tcp://HOST:PORT and ws://HOST:PORT/peer lead to the same peer. Any other address is a door of its own.
 */
export function doorOf(address: string): string {
  const url = new URL(address);
  if (url.protocol === "tcp:") return doorName(url.hostname, url.port);
  const isPeerPort = url.protocol === "ws:" && url.pathname === "/peer" && url.search === "";
  return isPeerPort ? doorName(url.hostname, url.port === "" ? "80" : url.port) : address;
}

/**
 * The doors of a connected peer: the one that was dialled, and the one that it tells of itself at its own address. Its
 * `endpoint` proves nothing: it could name somebody else's, whom nobody would dial then.
 */
export function doorsOf({ address, remote }: DoorOwner, dialed: string | undefined): string[] {
  const doors = dialed === undefined ? [] : [doorOf(dialed)];
  const { listenPort } = remote;
  if (address !== undefined && addressBytes(address) !== undefined && listenPort !== undefined) {
    doors.push(doorOf(tcpEndpoint(address, listenPort)));
  }
  return doors;
}

/** All ways that lead to a peer of which a tracker tells: its port takes plain TCP, too. */
export function waysThroughDoor(endpoint: string): readonly string[] {
  if (!endpoint.startsWith("ws:")) return [endpoint];
  const door = doorOf(endpoint);
  return door === endpoint ? [endpoint] : [endpoint, `tcp://${door}`];
}

/** Of two ways through one door the lower rank is taken: TCP costs both sides less than a WebSocket. */
export function rankOf(address: string): number {
  return address.startsWith("tcp:") ? 0 : 1;
}

/** tcp://HOST:PORT for an IP address without brackets. */
export function tcpEndpoint(address: string, port: number): string {
  return `tcp://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

function doorName(hostname: string, port: string): string {
  return `${hostname.toLowerCase()}:${port}`;
}
