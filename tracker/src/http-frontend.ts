import type { ServerResponse } from "node:http";
import type { ScrapeCounts } from "@shoal/peer-core/announce";
import { encodeBencode, fromBinaryString } from "@shoal/peer-core/torrent";
import type { BencodeInput } from "@shoal/peer-core/torrent";
import type { ClientAddress, Door } from "./address.js";
import { compactPeers, type PeerAddress } from "./compact-peers.js";
import { isOwnEndpoint } from "./endpoint-target.js";
import { latin1Query, parseHttpAnnounce, parseHttpScrape } from "./http-announce.js";
import { reply } from "./http-reply.js";
import { HTTP_INTERVAL_SECONDS, HTTP_MIN_INTERVAL_SECONDS } from "./limits.js";
import { addressFor } from "./registered-peer.js";
import type { AnnounceReply } from "./registered-peer.js";
import type { Tracker } from "./tracker.js";

/** Who announces, and where they can dial the hub itself; undefined where that is not known. */
export interface Asker {
  readonly from: ClientAddress;
  readonly door: Door | undefined;
}

/** The tracker protocol of ordinary clients: GET …/announce and …/scrape, bencoded replies (BEP 3, 7, 23, 48). */
export class HttpFrontend {
  readonly #tracker: Tracker;

  constructor(tracker: Tracker) {
    this.#tracker = tracker;
  }

  /**
   * Registers and answers an announce. `query` is what stands after the question mark, undecoded; `door` where the client
   * can dial the hub itself.
   */
  announce(response: ServerResponse, query: string, { from, door }: Asker): void {
    const parsed = parseHttpAnnounce(latin1Query(query));
    if (typeof parsed === "string") return fail(response, parsed);
    const answer = this.#tracker.announceHttp(from, parsed.request);
    if (answer === undefined) return fail(response, "Too many swarms");
    const told = addressesOf(answer, { from, door });
    const peers = parsed.isCompact ? compactPeers(told) : { peers: listed(told, parsed.withoutIds) };
    send(response, new Map(Object.entries({ ...counts(answer), ...peers })));
  }

  /** Answers a scrape; one that names nothing is refused, since the whole tracker would be the answer. */
  scrape(response: ServerResponse, query: string): void {
    const infoHashes = parseHttpScrape(latin1Query(query));
    if (infoHashes.length === 0) return fail(response, "Expected info_hash of 20 escaped bytes");
    const files = new Map(this.#tracker.scrape(infoHashes).map((file) => [file.infoHash, scraped(file)]));
    send(response, new Map([["files", files]]));
  }
}

function counts({ complete, incomplete }: AnnounceReply): Record<string, BencodeInput> {
  return { complete, incomplete, interval: HTTP_INTERVAL_SECONDS, "min interval": HTTP_MIN_INTERVAL_SECONDS };
}

function scraped({ complete, incomplete, downloaded }: ScrapeCounts): BencodeInput {
  return new Map(Object.entries({ complete, downloaded, incomplete }));
}

/** What can be dialled by address and port; last the hub's own relay, where it carries the share. */
function addressesOf({ peers, relays }: AnnounceReply, { from, door }: Asker): readonly PeerAddress[] {
  const addresses: PeerAddress[] = [];
  for (const peer of peers) {
    const ip = addressFor(peer, from);
    if (ip !== undefined && peer.dialable?.kind === "port")
      addresses.push({ ip, port: peer.dialable.port, peerId: peer.peerId });
  }
  if (door !== undefined && relays.some(isOwnEndpoint)) addresses.push(door);
  return addresses;
}

function listed(peers: readonly PeerAddress[], withoutIds: boolean): BencodeInput {
  return peers.map(({ ip, port, peerId }) => {
    const id = withoutIds || peerId === undefined ? undefined : fromBinaryString(peerId);
    return new Map<string, BencodeInput>([["ip", ip], ["port", port], ...(id ? [["peer id", id] as const] : [])]);
  });
}

/** BEP 3 has failures come with status 200. */
function fail(response: ServerResponse, reason: string): void {
  send(response, new Map([["failure reason", reason]]));
}

function send(response: ServerResponse, value: BencodeInput): void {
  reply(response, 200, "text/plain", encodeBencode(value));
}
