import type { AddressInfo } from "node:net";
import { Server } from "bittorrent-tracker";

/** A tracker of npm's bittorrent-tracker on free ports of this machine, and its announce URLs. */
export interface TheirTracker {
  readonly http: string;
  readonly udp: string;
  readonly udp6: string;
  close(): Promise<void>;
}

/** Starts it for HTTP and UDP. */
export async function startTheirTracker(): Promise<TheirTracker> {
  const server = new Server({ ws: false, stats: false, interval: 90_000 });
  const hosts = { http: "127.0.0.1", udp: "127.0.0.1", udp6: "::1" };
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, hosts, resolve);
  });
  const portOf = (socket: { address(): unknown }): number => (socket.address() as AddressInfo).port;
  return {
    http: `http://127.0.0.1:${portOf(server.http)}/announce`,
    udp: `udp://127.0.0.1:${portOf(server.udp4)}/announce`,
    udp6: `udp://[::1]:${portOf(server.udp6)}/announce`,
    close: () => new Promise<void>((resolve) => server.close(resolve)),
  };
}
