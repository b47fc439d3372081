/** Between tries at a tracker that fails: files list dead ones for years, and a busy one is not helped by more requests. */
export const LONGEST_RETRY_MS = 30 * 60_000;
