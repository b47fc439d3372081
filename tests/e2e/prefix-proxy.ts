import { createServer, request as forward, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface PrefixProxy {
  /** Where the hub's page is now. */
  readonly url: string;
  close(): Promise<void>;
}

/** A reverse proxy that serves the hub at `target` below `/files/` and nothing elsewhere. */
export async function startPrefixProxy(target: string): Promise<PrefixProxy> {
  const server = createServer((request, response) => {
    const path = /^\/files(\/.*)$/.exec(request.url ?? "")?.[1];
    if (path === undefined) {
      response.writeHead(404).end();
      return;
    }
    const passed = forward(new URL(path, target), { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/files/`, close: () => close(server) };
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
