import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

/** Who is at the other end, for limits and bans. */
export interface ClientAddress {
  /** IP address without zone, IPv4 in its plain form; empty when the socket is gone already. */
  readonly address: string;
  /** True for this machine itself, not for what a proxy on it passes on: exempt from limits per address. */
  readonly isLocal: boolean;
}

/** What of an HTTP request tells where it comes from. */
export interface RequestOrigin {
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly headers: IncomingHttpHeaders;
}

/**
 * The address a request comes from. `X-Forwarded-For` counts when the proxy is trusted or on this machine, and of it
 * only the last entry, the one which that proxy itself wrote.
 */
export function clientAddress(request: RequestOrigin, trustProxy: boolean): ClientAddress {
  const direct = plainAddress(request.socket.remoteAddress ?? "");
  const header = request.headers["x-forwarded-for"];
  const isForwarded = header !== undefined || request.headers.forwarded !== undefined;
  const isLoopback = isLoopbackAddress(direct);
  if (!isForwarded || !(trustProxy || isLoopback)) return { address: direct, isLocal: isLoopback && !isForwarded };
  const last = [header ?? []].flat().join(",").split(",").at(-1)?.trim() ?? "";
  return { address: isIP(last) === 0 ? direct : plainAddress(last), isLocal: false };
}

/** The unit of limits per address: an IPv4 address, or the /64 that one IPv6 customer has at least. */
export function addressGroup(address: string): string {
  if (isIP(address) !== 6) return address;
  const [before = "", after] = address.split("::");
  const head = before === "" ? [] : before.split(":");
  if (after === undefined) return networkOf(head);
  const tail = after === "" ? [] : after.split(":");
  const zeros = new Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0");
  return networkOf([...head, ...zeros, ...tail]);
}

function networkOf(groups: readonly string[]): string {
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}

/** An address without its zone, IPv4 in its plain form. */
export function plainAddress(address: string): string {
  const withoutZone = address.split("%")[0] ?? "";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone)?.[1];
  return mapped ?? withoutZone;
}

/** True for a plain address of this machine itself. */
export function isLoopbackAddress(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
