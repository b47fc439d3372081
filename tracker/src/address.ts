import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";

/** How far an address reaches: this machine, a private network, everywhere. */
export type AddressScope = "loopback" | "private" | "public";

export interface ClientAddress {
  /** Canonical text; IPv4 also where it came mapped into IPv6. */
  readonly ip: string;
  readonly scope: AddressScope;
  /** What limits count by: the address, for IPv6 its /64. */
  readonly group: string;
  /** True for this machine itself, not for what a proxy on it passes on: limits per address leave it alone. */
  readonly isExempt: boolean;
  /** Our own address as a client on a private network reached it; undefined for others and behind a proxy. */
  readonly localIp: string | undefined;
}

const PRIVATE_RANGES = new Set(["private", "uniqueLocal", "carrierGradeNat"]);

/** Canonical text of an IP address, with IPv4 taken out of its IPv6 mapping; undefined when it is none. */
export function canonicalIp(text: string): string | undefined {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  if (!ipaddr.isValid(bare) || bare.includes("%")) return undefined;
  return ipaddr.process(bare).toString();
}

/** The reach of a canonical address; undefined for those nobody can be dialled at (multicast, link-local, reserved …). */
export function scopeOf(ip: string): AddressScope | undefined {
  const range: string = ipaddr.process(ip).range();
  if (range === "loopback") return "loopback";
  if (PRIVATE_RANGES.has(range)) return "private";
  return range === "unicast" ? "public" : undefined;
}

/** True when somebody at `viewer` may be told of an address that reaches as far as `subject`. */
export function mayBeTold(subject: AddressScope, viewer: AddressScope): boolean {
  if (subject === "public") return true;
  return subject === "private" ? viewer !== "public" : viewer === "loopback";
}

/** HOST:PORT as URLs write it. */
export function hostAndPort(ip: string, port: number): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/**
 * Where a request comes from: the socket's address, or the rightmost X-Forwarded-For when the direct peer is a proxy that
 * we trust (all of them with `trustProxy`, loopback always). Undefined when no address can be read.
 */
export function clientAddress(request: IncomingMessage, trustProxy: boolean): ClientAddress | undefined {
  const direct = canonicalIp(request.socket.remoteAddress ?? "");
  if (direct === undefined) return undefined;
  const directScope = scopeOf(direct) ?? "private";
  const forwarded = forwardedFor(request);
  if (forwarded === undefined || !(trustProxy || directScope === "loopback")) {
    // Only such a client can be sent to a peer on our own machine, and Node keeps an address that was asked for.
    const localIp = directScope === "private" ? canonicalIp(request.socket.localAddress ?? "") : undefined;
    // What comes from the address that it goes to comes from here: a hub's relay that listens at one private address only.
    const isExempt = directScope === "loopback" || (forwarded === undefined && direct === localIp);
    return { ip: direct, scope: directScope, group: groupOf(direct), isExempt, localIp };
  }
  const ip = canonicalIp(forwarded);
  if (ip === undefined) return undefined;
  return { ip, scope: scopeOf(ip) ?? "private", group: groupOf(ip), isExempt: false, localIp: undefined };
}

/** An address and port that somebody listens at. */
export interface Door {
  readonly ip: string;
  readonly port: number;
}

/**
 * The address and port at which whoever sent a request, with the address `from`, has reached us; undefined behind a proxy,
 * or where it is not what they dialled (a public client cannot have dialled a private address).
 */
export function ownDoor(request: IncomingMessage, from: ClientAddress): Door | undefined {
  const { localAddress, localPort } = request.socket;
  const ip = isForwarded(request) ? undefined : canonicalIp(localAddress ?? "");
  const scope = ip === undefined ? undefined : scopeOf(ip);
  if (ip === undefined || localPort === undefined || scope === undefined || !mayBeTold(scope, from.scope))
    return undefined;
  return { ip, port: localPort };
}

/** True when the request names an address that it was forwarded for, whether or not that is believed. */
export function isForwarded(request: IncomingMessage): boolean {
  return request.headers["x-forwarded-for"] !== undefined;
}

function forwardedFor(request: IncomingMessage): string | undefined {
  const header = request.headers["x-forwarded-for"];
  const text = Array.isArray(header) ? header.join(",") : header;
  return text?.split(",").at(-1)?.trim();
}

function groupOf(ip: string): string {
  if (!ip.includes(":")) return ip;
  const parts = ipaddr.IPv6.parse(ip).parts.slice(0, 4);
  return `${parts.map((part) => part.toString(16)).join(":")}::/64`;
}
