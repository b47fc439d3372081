import type { AddressScope } from "../address.js";
import { scopeOf } from "../address.js";
import type { Announce } from "../announce.js";
import type { EndpointChecker } from "../endpoint-checker.js";
import { dialableOf, isOwnEndpoint, sameDialable } from "../endpoint-target.js";
import type { NewcomerNotices } from "../newcomer-notices.js";
import type { RegisteredPeer } from "../registered-peer.js";
import { endpointFor } from "../registered-peer.js";
import type { RelayDirectory } from "../relay-directory.js";

interface Parts {
  readonly checker: EndpointChecker;
  readonly notices: NewcomerNotices;
  readonly relays: RelayDirectory;
}

/** Has a newly announced endpoint dialled; once that worked, the peer is told to others, the swarm at once. */
export function checkEndpoint(parts: Parts): (announce: Announce) => void {
  return (announce) => {
    const { peer, request, address } = announce;
    if (request.event === "stopped" || peer.swarm === undefined) return;
    // Relays and others are in different lists: who changes sides is listed anew.
    if (peer.dialScope !== undefined && peer.isRelay !== (peer.extras?.relayEndpoint !== undefined))
      unlist(peer, parts.relays);
    if (request.isRelay && address.isExempt && isOwnEndpoint(request.endpoint)) {
      // The hub's own relay: it is there because we are, under whatever name the receiver knows us by.
      peer.dialable = { kind: "url", url: request.endpoint ?? "" };
      // Everybody has been told of it already.
      if (peer.dialScope === undefined) list(peer, "public", parts.relays);
      return;
    }
    const dialable = dialableOf(request.port, request.endpoint, announce.line === undefined);
    if (!sameDialable(dialable, peer.dialable)) {
      unlist(peer, parts.relays);
      peer.dialable = dialable;
    }
    if (dialable === undefined) return;
    if (announce.line === undefined) {
      // Nobody listens for WebSocket there, and ordinary clients expect to be listed at once, as by any tracker.
      if (peer.dialScope === undefined) listAndTell(peer, scopeOf(address.ip), parts);
      return;
    }
    parts.checker.check(dialable, address, (scope) => {
      if (peer.swarm === undefined || !sameDialable(peer.dialable, dialable) || scope === peer.dialScope) return;
      unlist(peer, parts.relays);
      listAndTell(peer, scope, parts);
    });
  };
}

/** Takes an endpoint out of every list; call it whenever a registration ends. */
export function unlist(peer: RegisteredPeer, relays: RelayDirectory): void {
  if (peer.extras?.relayEndpoint !== undefined) {
    relays.remove(peer.extras.relayEndpoint);
    peer.extras.relayEndpoint = undefined;
  }
  if (peer.dialScope !== undefined) setScope(peer, undefined);
}

function listAndTell(peer: RegisteredPeer, scope: AddressScope | undefined, { notices, relays }: Parts): void {
  if (scope === undefined) return;
  list(peer, scope, relays);
  notices.announce(peer);
}

function list(peer: RegisteredPeer, scope: AddressScope, relays: RelayDirectory): void {
  setScope(peer, scope);
  const endpoint = peer.isRelay && peer.line !== undefined ? endpointFor(peer, peer.address) : undefined;
  if (endpoint !== undefined) {
    relays.add(endpoint, scope);
    peer.extra().relayEndpoint = endpoint;
  }
}

function setScope(peer: RegisteredPeer, dialScope: AddressScope | undefined): void {
  if (peer.swarm === undefined) peer.dialScope = dialScope;
  else peer.swarm.update(peer, { dialScope });
}
