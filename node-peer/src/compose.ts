import {
  Client,
  createRelay,
  type ClientOptions,
  type Clock,
  type Hasher,
  type ListenAddress,
  type Random,
  type RateLimits,
  type RelayOptions,
  type TrackerChannel,
} from "@shoal/peer-core";
import {
  createCryptoRandom,
  createFetchRangeSource,
  createSystemClock,
  createWebSocketDialer,
  createWebSocketTrackerChannel,
} from "@shoal/peer-core/platform";
import { combineDialers } from "./net/combine-dialers.js";
import { connectByFrames } from "./net/connect-by-frames.js";
import { connectSecurely } from "./net/trusted-authorities.js";
import { createTcpDialer } from "./net/tcp-dialer.js";
import { leadsHome } from "./net/leads-home.js";
import { createHashThreads, type HashThreads } from "./hashing/hash-threads.js";
import type { CheckedWriter } from "./storage/checked-writer.js";
import { listenForPeers, type PeerServer } from "./net/peer-server.js";
import { trackerKind } from "./catalogue/tracker-urls.js";
import { createOwnRelayChannel } from "./relay/own-relay-channel.js";
import { createHttpTrackerChannel } from "./trackers/http-tracker-channel.js";
import { createUdpTrackerChannel } from "./trackers/udp-tracker-channel.js";

/** How WebSockets are opened here. */
const SOCKETS = { createConnection: connectByFrames, createSecureConnection: connectSecurely };

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
  /** Hashes and stores in the hasher's threads. */
  readonly checkedWriter: CheckedWriter;
  /** Stops all shares, tells the trackers, closes the port. */
  close(): Promise<void>;
}

/** SHA-1 as this process computes it, and the writer that checks with it. */
export function createHashing(): HashThreads {
  return createHashThreads();
}

/** Opens a peer that shares and gets. Throws ShoalError("connection") when the port is taken. */
export async function openNodePeer(options: NodePeerOptions): Promise<NodePeer> {
  const { hasher, checkedWriter } = createHashThreads();
  const client = new Client(clientOptions(options, hasher));
  const server = await listen(options, client);
  return {
    client,
    hasher,
    checkedWriter,
    close: async () => {
      await client.close();
      await server?.close();
    },
  };
}

export interface RelayClientOptions {
  readonly limits: RateLimits;
  readonly version: string;
  readonly hasher: Hasher;
  readonly relay: RelayOptions;
  /** The announce URL of the hub whose own relay this is. */
  readonly ownTracker: string;
  /** Where everybody else finds it. */
  readonly listen: ListenAddress;
}

/** A hub's relay, without a port of its own: links are handed to it. */
export function createRelayClient(options: RelayClientOptions): Client {
  const { relay, listen, ownTracker } = options;
  const plain = clientOptions(options, options.hasher);
  const openTracker = (url: string) => {
    const channel = plain.openTracker(url);
    return channel !== undefined && url === ownTracker ? createOwnRelayChannel(channel) : channel;
  };
  return createRelay({ ...plain, listen, openTracker }, relay);
}

/** The one place where the parts of a Node peer are chosen. */
function clientOptions(
  { version, limits }: Pick<NodePeerOptions, "version" | "limits">,
  hasher: Hasher,
): ClientOptions {
  const clock = createSystemClock();
  const random = createCryptoRandom();
  const userAgent = `Shoal/${version}`;
  return {
    runtime: { clock, hasher, random },
    dialer: combineDialers([createTcpDialer(), createWebSocketDialer(SOCKETS)]),
    ranges: createFetchRangeSource({ userAgent, leadsHome }),
    openTracker: (url) => openTracker(url, { clock, random, userAgent }),
    clientName: `Shoal ${version}`,
    limits,
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

interface TrackerTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly userAgent: string;
}

/** A line to a tracker by what its URL says it speaks; undefined when that is nothing we know. */
function openTracker(url: string, tools: TrackerTools): TrackerChannel | undefined {
  switch (trackerKind(url)) {
    case "hub":
      return createWebSocketTrackerChannel(url, { ...tools, createSecureConnection: SOCKETS.createSecureConnection });
    case "http":
      return createHttpTrackerChannel(url, tools);
    case "udp":
      return createUdpTrackerChannel(url, tools);
    case undefined:
      return undefined;
  }
}
