import { Client, type ClientOptions, type Hasher, type RateLimits } from "@shoal/peer-core";
import {
  createCryptoRandom,
  createFetchRangeSource,
  createSystemClock,
  createWebCryptoHasher,
  createWebSocketDialer,
  createWebSocketTrackerChannel,
} from "@shoal/peer-core/platform";
import { combineDialers } from "./net/combine-dialers.js";
import { createTcpDialer } from "./net/tcp-dialer.js";
import { leadsHome } from "./net/leads-home.js";
import { listenForPeers, type PeerServer } from "./net/peer-server.js";
import { hubOfTracker } from "./catalogue/tracker-urls.js";

export interface NodePeerOptions {
  /** Port to listen on, 0 for a free one; undefined: none is opened. */
  readonly port: number | undefined;
  /** URL that leads to the port from outside. */
  readonly endpoint: string | undefined;
  readonly limits: RateLimits;
  readonly version: string;
}

/** A client with everything it needs in Node. */
export interface NodePeer {
  readonly client: Client;
  readonly hasher: Hasher;
  /** Stops all shares, tells the trackers, closes the port. */
  close(): Promise<void>;
}

/** SHA-1 as this process computes it. */
export function createHasher(): Hasher {
  return createWebCryptoHasher();
}

/** The one place where the parts of a Node peer are chosen. Throws ShoalError("connection") when the port is taken. */
export async function openNodePeer(options: NodePeerOptions): Promise<NodePeer> {
  const clock = createSystemClock();
  const hasher = createHasher();
  const clientOptions: ClientOptions = {
    runtime: { clock, hasher, random: createCryptoRandom() },
    dialer: combineDialers([createTcpDialer(), createWebSocketDialer()]),
    ranges: createFetchRangeSource({ userAgent: `Shoal/${options.version}`, leadsHome }),
    openTracker: (url) => (hubOfTracker(url) === undefined ? undefined : createWebSocketTrackerChannel(url, { clock })),
    clientName: `Shoal ${options.version}`,
    limits: options.limits,
  };
  const client = new Client(clientOptions);
  const server = await listen(options, client);
  return {
    client,
    hasher,
    close: async () => {
      await client.close();
      await server?.close();
    },
  };
}

async function listen(options: NodePeerOptions, client: Client): Promise<PeerServer | undefined> {
  if (options.port === undefined) {
    client.setListen({ endpoint: options.endpoint });
    return undefined;
  }
  const server = await listenForPeers({ port: options.port, onConnection: (connection) => client.accept(connection) });
  client.setListen(options.endpoint === undefined ? { port: server.port } : { endpoint: options.endpoint });
  return server;
}
