import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import type { Connection } from "@shoal/peer-core/platform";
import { AcceptedLinks } from "../../node-peer/src/net/accepted-links.js";
import { acceptTcpPeer } from "../../node-peer/src/net/tcp-acceptor.js";

/** A machine that takes every TCP connection for a peer, before its first byte. */
export interface TcpHost {
  readonly port: number;
  readonly accepted: readonly Connection[];
  close(): Promise<void>;
}

export async function openTcpHost(): Promise<TcpHost> {
  const accepted: Connection[] = [];
  const links = new AcceptedLinks({ onConnection: (connection) => accepted.push(connection) });
  const server = createServer({ pauseOnConnect: true }, (socket) => acceptTcpPeer(socket, links));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    accepted,
    close: async () => {
      await links.close();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}
