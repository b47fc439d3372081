import { isLoopbackHost, isPrivateHost } from "../../base/host-scope.js";
import type { PeerSession } from "../../peer/peer-session.js";
import { addressBytes } from "../../wire/extensions/compact-address.js";
import type { PexPeer } from "../../wire/extensions/pex-message.js";
import { tcpEndpoint } from "./door.js";

/**
 * How a connected peer is told to others: by TCP, and by a URL if it is one of ours. The way that was dialled comes
 * first, then what it tells of itself. None for one that can be dialled by nobody, and
 * none for relays: trackers name them, in an order that is the same for all.
 */
export function entriesOf(session: PeerSession, dialed: string | undefined): PexPeer[] {
  if (session.remote.isRelay) return [];
  const tcp = tcpOf(session, dialed);
  const url = session.remote.blockMax === undefined ? undefined : urlOf(session, dialed, tcp);
  const about = { isSeed: session.remote.wantsNothing, isReachable: dialed !== undefined };
  return [tcp, url].filter((endpoint) => endpoint !== undefined).map((endpoint) => ({ endpoint, ...about }));
}

/** The address, or at least the name, of the other side; undefined where the platform does not tell. */
export function hostOfSession(session: PeerSession, dialed: string | undefined): string | undefined {
  return session.address ?? (dialed === undefined ? undefined : hostOf(dialed));
}

/**
 * True when `host` means the same machine to us and to a peer at `viewer`: private addresses are told to and believed
 * from private addresses only, those of one machine from and to itself only.
 */
export function isWithinReach(host: string, viewer: string | undefined): boolean {
  if (isLoopbackHost(host)) return viewer !== undefined && isLoopbackHost(viewer);
  return !isPrivateHost(host) || (viewer !== undefined && isPrivateHost(viewer));
}

export function hostOf(endpoint: string): string {
  return new URL(endpoint).hostname;
}

function tcpOf(session: PeerSession, dialed: string | undefined): string | undefined {
  const address = hostOfSession(session, dialed);
  const port = dialed?.startsWith("tcp:") === true ? Number(new URL(dialed).port) : session.remote.listenPort;
  if (address === undefined || port === undefined || addressBytes(address) === undefined) return undefined;
  return tcpEndpoint(address.replace(/^\[|\]$/g, ""), port);
}

function urlOf(session: PeerSession, dialed: string | undefined, tcp: string | undefined): string | undefined {
  if (dialed !== undefined && /^wss?:/.test(dialed)) return dialed;
  const { endpoint } = session.remote;
  if (endpoint !== undefined && /^wss?:/.test(endpoint) && isUrl(endpoint)) return endpoint;
  return tcp === undefined ? undefined : `${tcp.replace("tcp:", "ws:")}/peer`;
}

function isUrl(text: string): boolean {
  try {
    return new URL(text).hostname !== "";
  } catch {
    return false;
  }
}
