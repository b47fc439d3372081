import type { PeerView, SwarmView } from "@shoal/peer-core";
import type { RunningShare } from "./share-source.js";

const CHECK_MS = 500;

export interface SeedingLimits {
  /** Bytes sent over bytes of content. */
  readonly ratio: number | undefined;
  readonly timeMs: number | undefined;
  /** Until a relay has promised to keep the whole share. */
  readonly kept: boolean;
}

/** A relay that has promised to keep a whole share, and until when. */
export interface Keeper {
  readonly label: string;
  /** Milliseconds since 1970. */
  readonly untilMs: number;
}

/** Whose promises still hold, the longest first. */
export function keepersOf({ peers }: Pick<SwarmView, "peers">, nowMs: number): Keeper[] {
  const keepers = peers.map(({ label, keptUntilMs = 0 }: PeerView) => ({ label, untilMs: keptUntilMs }));
  return keepers.filter(({ untilMs }) => untilMs > nowMs).sort((a, b) => b.untilMs - a.untilMs);
}

/** Resolves when `share` has been seeded as much or as long as one of `limits` asks, or `signal` fires; never without either. */
export async function untilSeeded(share: RunningShare, limits: SeedingLimits, signal: AbortSignal): Promise<void> {
  const startedMs = performance.now();
  const isEnough = () =>
    signal.aborted ||
    (limits.timeMs !== undefined && performance.now() - startedMs >= limits.timeMs) ||
    (limits.kept && keepersOf(share.session.view, Date.now()).length > 0) ||
    (limits.ratio !== undefined && share.session.view.uploaded >= limits.ratio * share.metainfo.length);
  await new Promise<void>((resolve) => {
    const check = () => {
      if (!isEnough()) return;
      clearInterval(timer);
      signal.removeEventListener("abort", check);
      resolve();
    };
    const timer = setInterval(check, CHECK_MS);
    signal.addEventListener("abort", check);
    check();
  });
}
