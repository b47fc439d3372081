import { existsSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import sirv from "sirv";

/** Scripts and workers from here alone; links to any tracker, relay or catalogue, which is what the page is for. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "manifest-src 'self'",
  "connect-src 'self' ws: wss: http: https:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cross-Origin-Opener-Policy": "same-origin",
};

export type PageHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Serves the built page of @shoal/web; a plain explanation where it has not been built. */
export function createHubPage(): PageHandler {
  const folder = fileURLToPath(new URL("dist/", import.meta.resolve("@shoal/web/package.json")));
  if (!existsSync(folder))
    return (_request, response) => sendText(response, 503, "The page is not built. Run: npm run build\n");
  const serve = sirv(folder, { etag: true, setHeaders: setPageHeaders });
  return (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") sendText(response, 405, "Only GET is allowed here\n");
    else serve(request, response, () => sendText(response, 404, "Not found\n"));
  };
}

/** A short plain answer with the headers that every answer of the hub carries. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...HEADERS, "Content-Type": "text/plain; charset=utf-8" });
  response.end(text);
}

function setPageHeaders(response: ServerResponse, pathname: string): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  // Vite puts a content hash into the names of everything in assets/; what names them must always be fresh.
  response.setHeader(
    "Cache-Control",
    pathname.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
  );
}
