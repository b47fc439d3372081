import { once } from "node:events";
import { createWebSocketDialer, WebSocketConnection, type Connection } from "@shoal/peer-core/platform";
import { describeConnection, type ConnectionPair } from "@shoal/peer-core/testing";
import { connectByFrames } from "../../node-peer/src/net/connect-by-frames.js";
import { listenForPeers } from "../../node-peer/src/net/peer-server.js";
import { BrowserLikeWebSocket } from "./browser-like-websocket.js";
import { quietReal, untilReal } from "./real-time.js";
import { openTcpTunnel } from "./tcp-tunnel.js";

async function webSocketPair(dial: (address: string) => Promise<Connection>): Promise<ConnectionPair> {
  const arrivals = new EventTarget();
  const accepted: Connection[] = [];
  const arrival = once(arrivals, "connection");
  const server = await listenForPeers({
    port: 0,
    host: "127.0.0.1",
    onConnection: (connection) => {
      accepted.push(connection);
      arrivals.dispatchEvent(new Event("connection"));
    },
  });
  const tunnel = await openTcpTunnel(server.port);
  const a = await dial(`ws://127.0.0.1:${tunnel.port}/peer`);
  await arrival;
  const [b] = accepted;
  if (b === undefined) throw new Error("Nobody was accepted");
  return {
    a,
    b,
    until: untilReal,
    quiet: quietReal,
    cut: () => tunnel.cut(),
    dispose: async () => {
      await tunnel.close();
      await server.close();
    },
  };
}

function dialFromNode(address: string): Promise<Connection> {
  return createWebSocketDialer().dial(address, new AbortController().signal);
}

function dialFromPage(address: string): Promise<Connection> {
  const socket = new BrowserLikeWebSocket(address);
  return new Promise((resolve) => {
    socket.onopen = () => resolve(new WebSocketConnection(socket, { label: address }));
  });
}

function dialFromNodeByFrames(address: string): Promise<Connection> {
  const dialer = createWebSocketDialer({ createConnection: connectByFrames });
  return dialer.dial(address, new AbortController().signal);
}

describeConnection("WebSocket from Node through PeerAcceptor", () => webSocketPair(dialFromNode));
describeConnection("WebSocket from Node, read by frames", () => webSocketPair(dialFromNodeByFrames));
describeConnection("WebSocket as in a browser through PeerAcceptor", () => webSocketPair(dialFromPage));
