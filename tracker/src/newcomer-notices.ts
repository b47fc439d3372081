import { encodeTrackerMessage } from "@shoal/peer-core/announce";
import type { ToldPeer } from "@shoal/peer-core/announce";
import { MAX_NOTICE_RECEIVERS, MAX_PEERS_TOLD, MAX_PEERS_VISITED, NOTICE_GAP_MS } from "./limits.js";
import type { RegisteredPeer } from "./registered-peer.js";
import { endpointFor } from "./registered-peer.js";
import type { RelayDirectory } from "./relay-directory.js";

interface Cancellable {
  cancel(): void;
}

/** Calls `run` once after `delayMs`, unless cancelled. */
export type Schedule = (delayMs: number, run: () => void) => Cancellable;

/** The platform's timers; they do not keep the process alive. */
export const systemSchedule: Schedule = (delayMs, run) => {
  const timer = setTimeout(run, delayMs).unref();
  return { cancel: () => clearTimeout(timer) };
};

/**
 * Tells peers of newcomers that they can dial, because a peer that nobody can dial must do the dialling, and its next
 * announce may be two minutes away. Of a relay they are told as well: who knows another one loses no time when theirs dies.
 * To each peer and swarm one message a second at most: the first newcomer is told at once, those of the following second
 * together.
 */
export class NewcomerNotices {
  readonly #schedule: Schedule;
  readonly #relays: RelayDirectory;
  readonly #pending = new Map<
    RegisteredPeer,
    { readonly timer: Cancellable; readonly newcomers: Set<RegisteredPeer> }
  >();

  constructor(schedule: Schedule, relays: RelayDirectory) {
    this.#schedule = schedule;
    this.#relays = relays;
  }

  /** Tells the swarm of a peer whose endpoint has just been checked. */
  announce(newcomer: RegisteredPeer): void {
    if (newcomer.swarm === undefined) return;
    let told = 0;
    let visited = 0;
    for (const receiver of newcomer.swarm.peers) {
      if (told >= MAX_NOTICE_RECEIVERS || visited++ >= MAX_PEERS_VISITED) return;
      if (!isOfUse(newcomer, receiver)) continue;
      this.#tell(receiver, newcomer);
      told++;
    }
  }

  close(): void {
    for (const { timer } of this.#pending.values()) timer.cancel();
    this.#pending.clear();
  }

  #tell(receiver: RegisteredPeer, newcomer: RegisteredPeer): void {
    const waiting = this.#pending.get(receiver);
    if (waiting === undefined) {
      this.#send(receiver, [newcomer]);
      this.#openGap(receiver);
    } else if (waiting.newcomers.size < MAX_PEERS_TOLD) waiting.newcomers.add(newcomer);
  }

  #openGap(receiver: RegisteredPeer): void {
    const timer = this.#schedule(NOTICE_GAP_MS, () => {
      const newcomers = this.#pending.get(receiver)?.newcomers;
      this.#pending.delete(receiver);
      if (newcomers === undefined || newcomers.size === 0 || receiver.swarm === undefined) return;
      this.#send(receiver, newcomers);
      this.#openGap(receiver);
    });
    this.#pending.set(receiver, { timer, newcomers: new Set() });
  }

  #send(receiver: RegisteredPeer, newcomers: Iterable<RegisteredPeer>): void {
    const { swarm, line, address } = receiver;
    const peers: ToldPeer[] = [];
    let relays: readonly string[] = [];
    for (const newcomer of newcomers) {
      const endpoint = newcomer.swarm === undefined ? undefined : endpointFor(newcomer, address);
      if (endpoint === undefined || swarm === undefined) continue;
      if (newcomer.isRelay) relays = this.#relays.best(swarm.infoHash, address);
      else peers.push({ peerId: newcomer.peerId, endpoint });
    }
    if (swarm === undefined || peers.length + relays.length === 0) return;
    line?.send(encodeTrackerMessage({ type: "peers", infoHash: swarm.infoHash, peers, relays }));
  }
}

function isOfUse(newcomer: RegisteredPeer, receiver: RegisteredPeer): boolean {
  if (!receiver.wantsNotice || receiver === newcomer || endpointFor(newcomer, receiver.address) === undefined)
    return false;
  // Relays find each other in the replies to their announces.
  return newcomer.isRelay ? !receiver.isRelay : !(newcomer.isSeed && receiver.isSeed);
}
