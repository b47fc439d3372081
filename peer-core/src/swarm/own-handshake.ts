import type { PeerSession } from "../peer/peer-session.js";
import { addressBytes } from "../wire/extensions/compact-address.js";
import { LOCAL_EXTENSIONS, type ExtendedHandshake } from "../wire/extensions/extended-handshake.js";
import { BLOCK_MAX_BYTES, REQUEST_QUEUE_TOLD } from "../wire/limits.js";
import type { SwarmOptions } from "./swarm-options.js";

/** What there is to tell of a swarm itself. */
export interface SwarmFacts {
  readonly metadataSize: number | undefined;
  /** Everything that is wanted is here. */
  readonly isComplete: boolean;
  /** Peers are found through trackers alone (BEP 27). */
  readonly isPrivate: boolean;
}

/** What we tell a peer of ourselves (BEP 10). */
export function ownHandshake(session: PeerSession, options: SwarmOptions, facts: SwarmFacts): ExtendedHandshake {
  const { port, endpoint } = options.listen();
  return {
    extensions: facts.isPrivate ? { ...LOCAL_EXTENSIONS, ut_pex: 0 } : LOCAL_EXTENSIONS,
    client: options.clientName,
    requestQueue: REQUEST_QUEUE_TOLD,
    metadataSize: facts.metadataSize,
    uploadOnly: facts.isComplete,
    blockMax: BLOCK_MAX_BYTES,
    listenPort: port,
    // A relative one is a word between a hub and its tracker.
    endpoint: endpoint?.includes("://") === true ? endpoint : undefined,
    isRelay: options.relay === undefined ? undefined : true,
    yourIp: session.address === undefined ? undefined : addressBytes(session.address),
  };
}
