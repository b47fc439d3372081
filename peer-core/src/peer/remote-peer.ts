import { UNIT_BYTES } from "../torrent/geometry.js";
import type { ExtendedHandshake } from "../wire/extensions/extended-handshake.js";
import type { Handshake } from "../wire/handshake.js";
import { RemotePieces } from "./remote-pieces.js";
import { RemoteWants } from "./remote-wants.js";
import { Suggestions } from "./suggestions.js";

/** Requests that a client queues when it does not say (BEP 10 has no default; libtorrent's is 250). */
const DEFAULT_REQUEST_QUEUE = 250;

/** What the other side has told of itself and its state. */
export class RemotePeer {
  readonly pieces = new RemotePieces();
  readonly suggestions = new Suggestions();
  /** What it asks of us as a relay. */
  readonly wants = new RemoteWants();
  /** Milliseconds since 1970 until which it promises to keep the share, or asks us as a relay to; 0: it does not. */
  keptUntilMs = 0;
  isChoking = true;
  isInterested = false;
  supportsFast = false;
  supportsExtensions = false;
  #told: ExtendedHandshake = { extensions: {} };
  #hasIntroducedItself = false;

  /** It is no relay and asks us to keep the share. */
  get asksToKeep(): boolean {
    return !this.isRelay && this.keptUntilMs > 0;
  }

  onHandshake(handshake: Handshake): void {
    this.supportsFast = handshake.supportsFast;
    this.supportsExtensions = handshake.supportsExtensions;
  }

  /** A later handshake adds to an earlier one (BEP 10). */
  onExtendedHandshake(told: ExtendedHandshake): void {
    this.#hasIntroducedItself = true;
    const stillTold = Object.entries(told).filter(([, value]) => value !== undefined);
    this.#told = {
      ...this.#told,
      ...Object.fromEntries(stillTold),
      extensions: { ...this.#told.extensions, ...told.extensions },
    };
  }

  /** It has changed its mind about wanting something (BEP 21). */
  onUploadOnly(uploadOnly: boolean): void {
    this.#told = { ...this.#told, uploadOnly };
  }

  get extensions(): ExtendedHandshake["extensions"] {
    return this.#told.extensions;
  }

  get client(): string | undefined {
    return this.#told.client;
  }

  get requestQueue(): number {
    return this.#told.requestQueue ?? DEFAULT_REQUEST_QUEUE;
  }

  get metadataSize(): number | undefined {
    return this.#told.metadataSize;
  }

  get endpoint(): string | undefined {
    return this.#told.endpoint;
  }

  /** TCP port at which it listens, at the address from which it is seen. */
  get listenPort(): number | undefined {
    return this.#told.listenPort;
  }

  /** It says where others can dial it. */
  get isDialable(): boolean {
    return this.#told.endpoint !== undefined || this.#told.listenPort !== undefined;
  }

  /** It carries pieces between peers that cannot dial each other. */
  get isRelay(): boolean {
    return this.#told.isRelay === true;
  }

  /** It says what it wants of a relay, or that is not known yet. Of others, what they lack is what they want. */
  get saysWhatItWants(): boolean {
    if (!this.supportsExtensions) return false;
    return !this.#hasIntroducedItself || (this.#told.extensions.sh_want ?? 0) !== 0;
  }

  /** Undefined for software that is not ours. */
  get blockMax(): number | undefined {
    return this.#told.blockMax;
  }

  /** The longest request that it serves. */
  get longestBlock(): number {
    return this.#told.blockMax ?? UNIT_BYTES;
  }

  get isSeed(): boolean {
    return this.pieces.bitfield?.isFull ?? false;
  }

  /** Wants nothing: it says so (BEP 21) or has everything. */
  get wantsNothing(): boolean {
    return this.isSeed || this.#told.uploadOnly === true;
  }
}
