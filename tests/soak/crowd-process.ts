import { parseInfoHash, ShoalError, type InfoHash, type TorrentSession } from "@shoal/peer-core";
import { createMemoryPieceStore } from "@shoal/peer-core/platform";
import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { openNodePeer } from "../../node-peer/src/compose.js";
import type { CrowdOrder, CrowdReport } from "./crowd-messages.js";

/** A share of a MiB from a relay on the same machine, however busy. */
const GET_LIMIT_MS = 120_000;
/** How long a peer stays when it has everything: people close their tabs soon, or forget them for a while. */
const STAY_MS = { least: 5_000, most: 60_000 };
/** One in so many leaves before it has everything. */
const GIVES_UP = 8;
/** … within this time. */
const GIVEN_UP_MS = 2_000;
/** They come one after the other. */
const ENTRANCE_MS = 200;

/** Peers that nobody can dial, as tabs are: each gets a share, stays for a while, leaves, and another one comes. */
class Crowd {
  readonly #order: CrowdOrder;
  readonly #leaving = new AbortController();
  readonly #slots: Promise<void>[] = [];

  constructor(order: CrowdOrder) {
    this.#order = order;
    setMaxListeners(0, this.#leaving.signal);
    for (let slot = 0; slot < order.peers; slot++) this.#slots.push(this.#fill(slot));
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    await Promise.all(this.#slots);
  }

  async #fill(slot: number): Promise<void> {
    await this.#stay(slot * ENTRANCE_MS);
    while (!this.#isLeaving()) {
      await this.#live().catch(async (error: unknown) => {
        if (this.#isLeaving()) return;
        tell({ kind: "failed", why: String(error) });
        await this.#stay(1_000);
      });
    }
  }

  #isLeaving(): boolean {
    return this.#leaving.signal.aborted;
  }

  async #live(): Promise<void> {
    const { infoHashes, tracker } = this.#order;
    const infoHash = parseInfoHash(infoHashes[Math.floor(Math.random() * infoHashes.length)] ?? "");
    if (infoHash === undefined) throw new ShoalError("link", "A crowd is told of shares by their info-hashes");
    const limits = { up: 0, down: 0 };
    const peer = await openNodePeer({ port: undefined, endpoint: undefined, limits, version: "0.1.0" });
    try {
      const session = peer.client.add({
        source: infoHash,
        openStore: ({ geometry }) => Promise.resolve(createMemoryPieceStore({ pieceCount: geometry.pieceCount })),
        trackers: [[tracker]],
      });
      if (Math.random() * GIVES_UP < 1) {
        await this.#stay(Math.random() * GIVEN_UP_MS);
        return;
      }
      await this.#get(session, infoHash);
      await this.#stay(STAY_MS.least + Math.random() * (STAY_MS.most - STAY_MS.least));
    } finally {
      await peer.close();
    }
  }

  async #get(session: TorrentSession, infoHash: InfoHash): Promise<void> {
    const from = performance.now();
    await new Promise<void>((resolve, reject) => {
      const late = () => reject(new ShoalError("no-peers", `${infoHash}: ${JSON.stringify(session.view)}`));
      const timer = setTimeout(late, GET_LIMIT_MS);
      const end = (then: () => void) => {
        clearTimeout(timer);
        then();
      };
      session.on((event) => {
        if (event.kind === "complete") end(resolve);
        if (event.kind === "failed") end(() => reject(event.error));
      });
      this.#leaving.signal.addEventListener("abort", () => end(resolve), { once: true });
    });
    if (!this.#isLeaving()) tell({ kind: "got", ms: performance.now() - from });
  }

  async #stay(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#leaving.signal }).catch(() => undefined);
  }
}

function tell(report: CrowdReport): void {
  process.send?.(report);
}

// Whoever started it has gone: nobody wants to hear of it any more.
process.once("disconnect", () => process.exit());

let crowd: Crowd | undefined;
process.on("message", (message: CrowdOrder | "leave") => {
  if (message !== "leave") {
    crowd = new Crowd(message);
    return;
  }
  void crowd?.leave().then(() => {
    tell({ kind: "left" });
    process.disconnect();
  });
});
