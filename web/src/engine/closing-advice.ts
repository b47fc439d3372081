import { hostOf, type KnownPeer } from "./known-peer.js";
import type { ClosingAdvice } from "./messages.js";

/**
 * Whether a tab may be closed without anybody losing the share. Only relays that promise to keep it for longer, and
 * seeds that others can dial (those that we dialled ourselves, for one), count: a seed in another tab may go with it.
 */
export function closingAdvice(peers: readonly KnownPeer[], nowMs: number): ClosingAdvice {
  const seeds = peers.filter((peer) => peer.isSeed && !peer.isRelay && peer.isDialable);
  const keepers = peers.filter((peer) => (peer.keptUntilMs ?? 0) > nowMs);
  if (seeds.length + keepers.length === 0) return { kind: "needed" };
  const by = [...new Set([...keepers, ...seeds].map(({ label }) => hostOf(label)))];
  if (seeds.length > 0) return { kind: "safe", by, untilMs: undefined };
  return { kind: "safe", by, untilMs: Math.max(...keepers.map(({ keptUntilMs }) => keptUntilMs ?? 0)) };
}
