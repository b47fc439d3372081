import { PEER_PATH } from "@shoal/peer-core/announce";
import type { AddressScope, ClientAddress } from "./address.js";
import { canonicalIp, hostAndPort, scopeOf } from "./address.js";
import type { Dialable } from "./registered-peer.js";

/** Something to dial once before others are told of it. */
export type CheckTarget =
  | { readonly kind: "tcp"; readonly key: string; readonly ip: string; readonly port: number }
  | { readonly kind: "websocket"; readonly key: string; readonly host: string; readonly url: string };

/** The announced way to dial a peer, made canonical: an endpoint URL before a port; undefined when there is none. */
export function dialableOf(
  port: number | undefined,
  endpoint: string | undefined,
  overHttp: boolean,
): Dialable | undefined {
  const url = endpoint === undefined ? undefined : endpointUrl(endpoint);
  if (url !== undefined) return { kind: "url", url };
  return port === undefined ? undefined : { kind: "port", port, overHttp };
}

/** True when both lead to the same place. */
export function sameDialable(a: Dialable | undefined, b: Dialable | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.kind === "url") return b.kind === "url" && a.url === b.url;
  return b.kind === "port" && a.port === b.port && a.overHttp === b.overHttp;
}

/** What to dial for a peer at `address`. */
export function checkTarget(dialable: Dialable, address: ClientAddress): CheckTarget {
  if (dialable.kind === "port") {
    return { kind: "tcp", key: hostAndPort(address.ip, dialable.port), ip: address.ip, port: dialable.port };
  }
  return { kind: "websocket", key: dialable.url, host: new URL(dialable.url).hostname, url: dialable.url };
}

/** True when a peer at `announcer` may lead others to an address of this reach: private ones only among themselves. */
export function mayAnnounce(scope: AddressScope, announcer: AddressScope): boolean {
  return scope === "public" || announcer !== "public";
}

/** The first of the addresses that `announcer` may lead others to, with its reach. */
export function permittedAddress(
  ips: readonly string[],
  announcer: AddressScope,
): { readonly ip: string; readonly scope: AddressScope } | undefined {
  for (const text of ips) {
    const ip = canonicalIp(text);
    const scope = ip === undefined ? undefined : scopeOf(ip);
    if (ip !== undefined && scope !== undefined && mayAnnounce(scope, announcer)) return { ip, scope };
  }
  return undefined;
}

/** True for the relative endpoint by which a hub's own relay is named: receivers resolve it against the tracker's URL. */
export function isOwnEndpoint(endpoint: string | undefined): boolean {
  return endpoint === PEER_PATH.slice(1);
}

function endpointUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isWebSocket = url.protocol === "ws:" || url.protocol === "wss:";
  const isBare = url.username === "" && url.password === "" && url.hash === "";
  return isWebSocket && isBare ? url.href : undefined;
}
