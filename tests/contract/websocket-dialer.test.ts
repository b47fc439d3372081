import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { createWebSocketDialer, type Connection } from "@shoal/peer-core/platform";
import { describeDialer } from "@shoal/peer-core/testing";
import { connectByFrames } from "../../node-peer/src/net/connect-by-frames.js";
import { listenForPeers } from "../../node-peer/src/net/peer-server.js";
import { quietReal, untilReal } from "./real-time.js";

describeDialer("WebSocket", async () => {
  const accepted: Connection[] = [];
  const server = await listenForPeers({ port: 0, host: "127.0.0.1", onConnection: (end) => accepted.push(end) });
  // Takes TCP connections and never says a word.
  const silent = createServer((socket) => socket.on("error", () => undefined).resume()).listen(0, "127.0.0.1");
  await once(silent, "listening");
  return {
    dialer: createWebSocketDialer({ timeoutMs: 300, createConnection: connectByFrames }),
    address: `ws://127.0.0.1:${server.port}/peer`,
    refusingAddress: `ws://127.0.0.1:${server.port}/elsewhere`,
    silentAddress: `ws://127.0.0.1:${(silent.address() as AddressInfo).port}/peer`,
    foreignAddresses: ["mem://somebody", "tcp://127.0.0.1:6881", "http://127.0.0.1/peer", "ws://:80/peer"],
    accepted,
    settle: (promise) => promise,
    until: untilReal,
    quiet: quietReal,
    dispose: async () => {
      await server.close();
      silent.close();
      await once(silent, "close");
    },
  };
});
