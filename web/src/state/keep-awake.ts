/** Keeps the screen, and with it the transfer, awake where the browser can; returns what ends it. */
export function keepAwake(): () => void {
  const ended = new AbortController();
  let lock: WakeLockSentinel | undefined;

  const request = async (): Promise<void> => {
    if (document.hidden || !("wakeLock" in navigator)) return;
    try {
      const granted = await navigator.wakeLock.request("screen");
      if (ended.signal.aborted) await granted.release();
      else lock = granted;
    } catch {
      // A low battery forbids it: nothing to be done, nothing lost.
    }
  };

  // A page that was out of view has lost its lock.
  document.addEventListener("visibilitychange", () => void request(), { signal: ended.signal });
  void request();
  return () => {
    ended.abort();
    void lock?.release();
  };
}
