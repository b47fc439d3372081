import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createSystemClock, createWebSocketTrackerChannel } from "@shoal/peer-core/platform";
import { describeTrackerChannel, type TrackerSetting } from "@shoal/peer-core/testing";
import { infoHashFromBytes, peerIdFromBytes } from "@shoal/peer-core/torrent";
import { createTracker } from "@shoal/tracker";
import { WebSocketServer } from "ws";

type Channel = ReturnType<TrackerSetting["open"]>;

const clock = createSystemClock();
const never = new AbortController().signal;

describeTrackerChannel("WebSocket line to the real tracker", async () => {
  const tracker = createTracker({ announceRate: 0 });
  const sockets = new Set<Duplex>();
  const server = createServer((request, response) => void tracker.handleRequest(request, response));
  server.on("upgrade", (request, socket, head) => {
    sockets.add(socket);
    tracker.handleUpgrade(request, socket, head);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/announce`;
  const peers = [await dialablePeer(), await dialablePeer()] as const;
  const endpoints = [peers[0].endpoint, peers[1].endpoint] as const;
  // The tracker remembers a successful check, so from now on both are listed as soon as they are announced.
  for (const endpoint of endpoints) await untilListed(url, endpoint);
  const turn = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 5));
  return {
    open: () => createWebSocketTrackerChannel(url, { clock }),
    openUnreachable: () => createWebSocketTrackerChannel("ws://127.0.0.1:1/announce", { clock }),
    endpoints,
    loseLines: () => {
      for (const socket of sockets) socket.destroy();
    },
    settle: (promise) => promise,
    until: async (holds) => {
      while (!holds()) await turn();
    },
    quiet: turn,
    dispose: async () => {
      await tracker.close();
      for (const peer of peers) peer.close();
      server.close();
    },
  };
});

/** A peer that can be dialled, as far as the tracker's check goes. */
async function dialablePeer(): Promise<{ endpoint: string; close: () => void }> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const endpoint = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/peer`;
  return { endpoint, close: () => server.close() };
}

/** Announces the endpoint in a swarm of its own, watched by another peer, until that one is told of it. */
async function untilListed(url: string, endpoint: string): Promise<void> {
  const [watching, announcing]: [Channel, Channel] = [
    createWebSocketTrackerChannel(url, { clock }),
    createWebSocketTrackerChannel(url, { clock }),
  ];
  const infoHash = infoHashFromBytes(new Uint8Array(20).fill(0xaa));
  const base = { infoHash, uploaded: 0, downloaded: 0, left: 1, numWant: 50 };
  const told = new Promise<void>((resolve) => {
    watching.watch(infoHash, { onPeers: () => resolve(), onLost: () => undefined });
  });
  await watching.announce({ ...base, peerId: peerIdFromBytes(new Uint8Array(20).fill(1)) }, never);
  await announcing.announce({ ...base, peerId: peerIdFromBytes(new Uint8Array(20).fill(2)), endpoint }, never);
  await told;
  await Promise.all([watching.close(), announcing.close()]);
}
