import { concatBytes, utf8Encode } from "../base/bytes.js";
import { ShoalError } from "../base/errors.js";
import { peerIdFromBytes, type InfoHash, type PeerId } from "../base/ids.js";
import type { Connection, Dialer } from "../ports/connection.js";
import type { RangeSource } from "../ports/range-source.js";
import type { Hasher, Runtime } from "../ports/runtime.js";
import type { Metainfo } from "../torrent/metainfo.js";
import { refusalOf } from "./redirect.js";
import type { SeedFailure } from "./seed-failure.js";
import { SeedHealth } from "./seed-health.js";
import { WebSeedConnection } from "./web-seed-connection.js";

export interface WebSeedDialerOptions {
  readonly infoHash: InfoHash;
  /** URLs of the share's web seeds: no other web address is ever dialled. */
  readonly urls: readonly string[];
  /** Undefined where this platform fetches nothing from the web. */
  readonly source: RangeSource | undefined;
  readonly runtime: Runtime;
  /** Dials everything else. */
  readonly peers: Dialer;
  /** Something about a web seed that the user should know; once for each thing. */
  readonly onWarning: (message: string) => void;
}

/** In the style of BEP 20; what follows tells web seeds apart. */
const PEER_ID_PREFIX = "-WS0100-";

/** The dialer of one share: its web seeds are dialled as peers are, as soon as the metainfo is known. */
export class WebSeedDialer implements Dialer {
  readonly #options: WebSeedDialerOptions;
  readonly #health = new Map<string, SeedHealth>();
  readonly #warned = new Set<string>();
  #metainfo: Metainfo | undefined;

  constructor(options: WebSeedDialerOptions) {
    this.#options = options;
  }

  /** The metainfo is known: returns the addresses that can be dialled now. */
  describe(metainfo: Metainfo): readonly string[] {
    const { urls, source } = this.#options;
    if (source === undefined) return [];
    this.#metainfo = metainfo;
    for (const url of urls) this.#health.set(url, new SeedHealth(metainfo));
    return urls;
  }

  canDial(address: string): boolean {
    return this.#health.has(address) || this.#options.peers.canDial(address);
  }

  async dial(address: string, signal: AbortSignal): Promise<Connection> {
    const health = this.#health.get(address);
    const { source, peers, runtime } = this.#options;
    if (health === undefined || source === undefined) return await peers.dial(address, signal);
    if (health.isResting(runtime.clock.now())) throw new ShoalError("connection", `The web seed ${address} rests`);
    const refusal = await refusalOf(address, source);
    if (refusal !== undefined) {
      this.#onFailure(address, refusal, 0);
      throw new ShoalError("connection", `${address}: ${refusal.message}`);
    }
    const peerId = await peerIdOf(address, runtime.hasher);
    if (signal.aborted) throw new ShoalError("aborted", `Dialling ${address} was given up`);
    return this.#open(address, { health, source, peerId });
  }

  #open(url: string, known: { health: SeedHealth; source: RangeSource; peerId: PeerId }): Connection {
    const { infoHash, runtime } = this.#options;
    const { clock } = runtime;
    const { health, source, peerId } = known;
    const metainfo = this.#metainfo;
    if (metainfo === undefined) throw new ShoalError("connection", `The content of ${url} is not known yet`);
    return new WebSeedConnection({
      url,
      infoHash,
      peerId,
      metainfo,
      pieces: health.pieces(clock.now()),
      maxRequests: health.maxRequests,
      tools: { source, clock },
      onFailure: (failure, file) => this.#onFailure(url, failure, file),
    });
  }

  #onFailure(url: string, failure: SeedFailure, file: number): void {
    const isGivenUp = this.#health.get(url)?.onFailure(failure, file, this.#options.runtime.clock.now()) ?? false;
    const what = failure.kind === "file" && this.#metainfo?.isMultiFile ? `${this.#nameOf(file)}: ` : "";
    const message = `Web seed ${url}: ${what}${failure.message}${isGivenUp ? "; it is not used for now" : ""}`;
    if (this.#warned.has(message) || this.#warned.size >= MAX_WARNINGS) return;
    this.#warned.add(message);
    this.#options.onWarning(message);
  }

  #nameOf(file: number): string {
    return this.#metainfo?.files[file]?.path.join("/") ?? "";
  }
}

/** Warnings of one share: a stranger's server may think of ever new ones. */
const MAX_WARNINGS = 64;

/** The same for one URL every time, so that what it sent is held against it. */
async function peerIdOf(url: string, hasher: Hasher): Promise<PeerId> {
  const digest = await hasher.sha1(utf8Encode(url));
  return peerIdFromBytes(concatBytes([utf8Encode(PEER_ID_PREFIX), digest.subarray(0, 20 - PEER_ID_PREFIX.length)]));
}
