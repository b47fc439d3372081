import type { IncomingMessage } from "node:http";

/**
 * The announce URLs of this tracker as the client of `request` can use them, WebSocket first: from the public URL where
 * one is configured, else from the Host header and the path that led here.
 */
export function announceUrls(
  request: IncomingMessage,
  mount: string,
  publicUrl: string | undefined,
): readonly string[] {
  const base = publicUrl ?? `${scheme(request)}://${host(request)}${mount}`;
  const url = new URL(base.endsWith("/") ? "announce" : `${base}/announce`, base.endsWith("/") ? base : undefined);
  const secure = url.protocol === "https:";
  return [url.href.replace(/^https?:/, secure ? "wss:" : "ws:"), url.href];
}

function scheme(request: IncomingMessage): "http" | "https" {
  const forwarded = request.headers["x-forwarded-proto"];
  const isSecure = forwarded === "https" || ("encrypted" in request.socket && request.socket.encrypted === true);
  return isSecure ? "https" : "http";
}

/** The Host header, if it could be one; what is reflected goes only to who sent it. */
function host(request: IncomingMessage): string {
  const header = request.headers.host ?? "";
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.test(header) ? header : "localhost";
}
