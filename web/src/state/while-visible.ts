/**
 * Calls `act` now and then `delayMs(succeeded)` after each time it ended, as long as the page is visible; at once when it
 * becomes visible again. Returns what stops it, which aborts the `act` under way.
 */
export function whileVisible(
  act: (signal: AbortSignal) => Promise<boolean>,
  delayMs: (succeeded: boolean) => number,
): () => void {
  const stopped = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isActing = false;

  const step = async (): Promise<void> => {
    if (isActing || document.hidden) return;
    isActing = true;
    clearTimeout(timer);
    // Only an abort rejects.
    const succeeded = await act(stopped.signal).catch(() => false);
    isActing = false;
    if (!stopped.signal.aborted) timer = setTimeout(() => void step(), delayMs(succeeded));
  };

  document.addEventListener("visibilitychange", () => void step(), { signal: stopped.signal });
  void step();
  return () => {
    clearTimeout(timer);
    stopped.abort();
  };
}
