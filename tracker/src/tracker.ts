import type { AnswerMessage, HaveMessage, ScrapeCounts, WireId } from "@shoal/peer-core/announce";
import { encodeTrackerMessage } from "@shoal/peer-core/announce";
import type { ClientAddress } from "./address.js";
import type { Allowance } from "./allowance.js";
import { spend } from "./allowance.js";
import type { Announce, AnnounceHook, AnnounceRequest } from "./announce.js";
import type { EndpointChecker } from "./endpoint-checker.js";
import { applyReport, heldBytes, heldBytesAfter } from "./held-pieces.js";
import { checkEndpoint, unlist } from "./hooks/check-endpoint.js";
import { forwardOffers } from "./hooks/forward-offers.js";
import { listPeers } from "./hooks/list-peers.js";
import { listRelays } from "./hooks/list-relays.js";
import { updateRegistration } from "./hooks/update-registration.js";
import {
  ANNOUNCE_BURST,
  ANSWER_BURST,
  ANSWERS_PER_SECOND,
  HAVE_BURST,
  HAVE_SECONDS,
  MAX_HELD_BYTES,
  MAX_HELD_BYTES_PER_SOCKET,
  MAX_SWARMS_PER_SOCKET,
} from "./limits.js";
import { NewcomerNotices } from "./newcomer-notices.js";
import type { Schedule } from "./newcomer-notices.js";
import { RegisteredPeer } from "./registered-peer.js";
import type { AnnounceReply, PeerLine } from "./registered-peer.js";
import type { RelayDirectory } from "./relay-directory.js";
import type { SwarmRegistry } from "./swarm-registry.js";
import type { Swarm } from "./swarm.js";

export interface TrackerParts {
  readonly registry: SwarmRegistry;
  readonly checker: EndpointChecker;
  readonly relays: RelayDirectory;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Whole seconds, never going back. */
  readonly now: () => number;
  readonly schedule: Schedule;
  /** Seconds per announce, socket and swarm, after the burst; 0 switches the limit off. */
  readonly announceSeconds: number;
}

const ANSWERS: Allowance = { burst: ANSWER_BURST, period: 1 / ANSWERS_PER_SECOND };
const HAVES: Allowance = { burst: HAVE_BURST, period: HAVE_SECONDS };

/** The tracker itself: who is told of whom. Knows lines and addresses, but neither sockets nor formats. */
export class Tracker {
  readonly #parts: TrackerParts;
  readonly #announces: Allowance;
  readonly #notices: NewcomerNotices;
  readonly #hooks: readonly AnnounceHook[];
  #heldBytes = 0;
  /** Announces answered, and answered from the last reply, since the start. */
  announceCount = 0;
  limitedCount = 0;

  constructor(parts: TrackerParts) {
    this.#parts = parts;
    this.#announces = { burst: ANNOUNCE_BURST, period: parts.announceSeconds };
    const { registry, random, relays, checker } = parts;
    this.#notices = new NewcomerNotices(parts.schedule, relays);
    this.#hooks = [
      updateRegistration(registry, (peer) => this.#release(peer)),
      listPeers(random),
      listRelays(relays),
      forwardOffers(random),
      checkEndpoint({ checker, relays, notices: this.#notices }),
    ];
  }

  get registry(): SwarmRegistry {
    return this.#parts.registry;
  }

  /** Registers what is announced on a line; undefined when the line, or the tracker, is in too many swarms. */
  announce(line: PeerLine, request: AnnounceRequest): AnnounceReply | undefined {
    const swarm = this.registry.findOrMake(request.infoHash);
    const peer = swarm === undefined ? undefined : this.#registrationOn(line, swarm, request.peerId);
    if (swarm === undefined || peer === undefined) return undefined;
    return this.#run(request, line.address, line, peer, swarm);
  }

  /** Registers what is announced over HTTP; undefined when there are too many swarms. */
  announceHttp(address: ClientAddress, request: AnnounceRequest): AnnounceReply | undefined {
    const swarm = this.registry.findOrMake(request.infoHash);
    if (swarm === undefined) return undefined;
    const known = swarm.find(request.peerId);
    const isSame = known !== undefined && known.line === undefined && known.address.ip === address.ip;
    const peer = isSame ? known : new RegisteredPeer({ peerId: request.peerId, address, line: undefined });
    return this.#run(request, address, undefined, peer, swarm);
  }

  /** Passes a WebRTC answer on to the peer that made the offer; without a word when that is not to be. */
  answer(line: PeerLine, message: AnswerMessage): void {
    const fullAt = spend(line.answersFullAt, this.#parts.now(), ANSWERS);
    const swarm = this.registry.find(message.infoHash);
    const target = swarm?.find(message.toPeerId);
    if (fullAt === undefined || swarm === undefined || !target?.takesOffers) return;
    if (line.registrations.find(swarm, message.peerId) === undefined) return;
    line.answersFullAt = fullAt;
    const { infoHash, peerId, offerId, answer } = message;
    target.line?.send(encodeTrackerMessage({ type: "answer", infoHash, peerId, offerId, answer }));
  }

  /** Notes which pieces a registered peer holds; reports too often, or too big to remember, are dropped. */
  have(line: PeerLine, { infoHash, pieces }: HaveMessage): void {
    // A report names no peer: where a line speaks for several, the first is meant.
    const swarm = this.registry.find(infoHash);
    const peer = swarm === undefined ? undefined : line.registrations.firstIn(swarm);
    if (peer === undefined) return;
    const extras = peer.extra();
    const fullAt = spend(extras.havesFullAt, this.#parts.now(), HAVES);
    if (fullAt === undefined) return;
    extras.havesFullAt = fullAt;
    const growth = heldBytesAfter(extras.held, pieces) - heldBytes(extras.held);
    if (line.heldBytes + growth > MAX_HELD_BYTES_PER_SOCKET || this.#heldBytes + growth > MAX_HELD_BYTES) return;
    extras.held = applyReport(extras.held, pieces);
    line.heldBytes += growth;
    this.#heldBytes += growth;
  }

  scrape(infoHashes: readonly WireId[]): readonly ScrapeCounts[] {
    return infoHashes.map((infoHash) => {
      const swarm = this.registry.find(infoHash);
      return {
        infoHash,
        complete: swarm?.seeds ?? 0,
        incomplete: swarm?.leeches ?? 0,
        downloaded: swarm?.completed ?? 0,
      };
    });
  }

  /** The line has closed: as if "stopped" had been announced for everything on it. */
  leave(line: PeerLine): void {
    for (const peer of line.registrations.takeAll()) {
      this.#release(peer);
      this.registry.remove(peer);
    }
  }

  /** Drops peers whose time has passed; a call looks at about `budget` of them. */
  expire(budget: number): void {
    this.registry.expire(this.#parts.now(), budget, (peer) => this.#release(peer));
  }

  close(): void {
    this.#notices.close();
  }

  #registrationOn(line: PeerLine, swarm: Swarm, peerId: WireId): RegisteredPeer | undefined {
    const { registrations, address } = line;
    const known = registrations.find(swarm, peerId);
    if (known !== undefined) return known;
    if (registrations.size >= MAX_SWARMS_PER_SOCKET && !address.isExempt) return undefined;
    const made = new RegisteredPeer(registrations.sourceOf(peerId, () => ({ peerId, address, line })));
    registrations.add(made);
    return made;
  }

  #run(
    request: AnnounceRequest,
    address: ClientAddress,
    line: PeerLine | undefined,
    peer: RegisteredPeer,
    swarm: Swarm,
  ): AnnounceReply {
    const now = this.#parts.now();
    const isTooSoon = !this.#spendAnnounce(peer, now);
    const announce: Announce = { request, address, line, peer, swarm, now, isTooSoon, peers: [], relays: [] };
    for (const hook of this.#hooks) hook(announce);
    // A full swarm lists it not at all; one that was listed and is no longer has been noted then.
    if (peer.swarm === undefined) line?.registrations.onUnlisted(swarm.infoHash, peer);
    this.announceCount++;
    const { peers, relays } = isTooSoon ? (peer.extras?.lastReply ?? announce) : announce;
    const reply = { complete: swarm.seeds, incomplete: swarm.leeches, peers, relays };
    // Only who announces often will need it again; for all others it would be memory wasted.
    if (!isTooSoon && this.#isSpent(peer, now)) peer.extra().lastReply = reply;
    else if (!isTooSoon && peer.extras !== undefined) peer.extras.lastReply = undefined;
    return reply;
  }

  #spendAnnounce(peer: RegisteredPeer, now: number): boolean {
    if (this.#announces.period === 0) return true;
    const fullAt = spend(peer.announcesFullAt, now, this.#announces);
    if (fullAt === undefined) {
      this.limitedCount++;
      return false;
    }
    peer.announcesFullAt = fullAt;
    return true;
  }

  #isSpent(peer: RegisteredPeer, now: number): boolean {
    return this.#announces.period > 0 && spend(peer.announcesFullAt, now, this.#announces) === undefined;
  }

  /** Gives back what a registration holds besides its place in the swarm. */
  #release(peer: RegisteredPeer): void {
    unlist(peer, this.#parts.relays);
    if (peer.extras === undefined) return;
    const bytes = heldBytes(peer.extras.held);
    this.#heldBytes -= bytes;
    if (peer.line !== undefined) peer.line.heldBytes -= bytes;
    peer.extras.held = undefined;
    peer.extras.lastReply = undefined;
  }
}
