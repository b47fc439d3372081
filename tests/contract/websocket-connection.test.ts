import { createWebSocketDialer, type Connection } from "@shoal/peer-core/platform";
import { describeConnection, type ConnectionPair } from "@shoal/peer-core/testing";
import { listenForPeers } from "../../node-peer/src/net/peer-server.js";
import { quietReal, untilReal } from "./real-time.js";
import { openTcpTunnel } from "./tcp-tunnel.js";

async function webSocketPair(): Promise<ConnectionPair> {
  let onConnection: (connection: Connection) => void = () => undefined;
  const accepted = new Promise<Connection>((resolve) => (onConnection = resolve));
  const server = await listenForPeers({
    port: 0,
    host: "127.0.0.1",
    onConnection: (connection) => onConnection(connection),
  });
  const tunnel = await openTcpTunnel(server.port);
  const dialer = createWebSocketDialer();
  const a = await dialer.dial(`ws://127.0.0.1:${tunnel.port}/peer`, new AbortController().signal);
  return {
    a,
    b: await accepted,
    until: untilReal,
    quiet: quietReal,
    cut: () => tunnel.cut(),
    dispose: async () => {
      await tunnel.close();
      await server.close();
    },
  };
}

describeConnection("WebSocket through PeerAcceptor", webSocketPair);
