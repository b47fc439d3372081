/**
 * The trackers, each WebSocket one followed by its HTTP twin: a hub answers both at one path, and ordinary clients know
 * only the latter. For links and files that anybody may open.
 */
export function withHttpTwins(trackers: readonly string[]): readonly string[] {
  const all = trackers.flatMap((url) => (/^wss?:/i.test(url) ? [url, url.replace(/^ws/i, "http")] : [url]));
  return [...new Set(all)];
}
