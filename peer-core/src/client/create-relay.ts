import { Client } from "./client.js";
import { RelayDesk } from "./relay-desk.js";
import type { RelayOptions } from "./relay-options.js";
import type { ClientOptions } from "./share-options.js";

/** A peer that carries shares of others: whoever comes for one that is not here gets it through this one. */
export function createRelay(options: ClientOptions, relay: RelayOptions): Client {
  return new Client(options, (context) => new RelayDesk(relay, context));
}
