import type { RunningShare } from "./share-source.js";

const CHECK_MS = 500;

export interface SeedingLimits {
  /** Bytes sent over bytes of content. */
  readonly ratio: number | undefined;
  readonly timeMs: number | undefined;
}

/** Resolves when `share` has been seeded as much or as long as `limits` ask, or `signal` fires; never without either. */
export async function untilSeeded(share: RunningShare, limits: SeedingLimits, signal: AbortSignal): Promise<void> {
  const startedMs = performance.now();
  const isEnough = () =>
    signal.aborted ||
    (limits.timeMs !== undefined && performance.now() - startedMs >= limits.timeMs) ||
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
