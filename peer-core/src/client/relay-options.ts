import type { InfoHash } from "../base/ids.js";
import type { PieceStore } from "../ports/piece-store.js";
import type { Metainfo } from "../torrent/metainfo.js";

/** Where a relay keeps pieces, of all shares together, within a quota, on disk or in memory. */
export interface PieceCache {
  /** Bytes that may be kept. */
  readonly quotaBytes: number;
  /** Bytes of all pieces that are kept, of open shares and of others. */
  readonly usedBytes: number;
  /**
   * Opens what is kept of a share; one store a share at a time. Its pieces may be from before a restart: what is not as it
   * was is found when it is first read, and `read` then rejects with ShoalError "disk".
   */
  open(metainfo: Metainfo): Promise<PieceStore>;
  /** Forgets pieces of shares that are not open, those served longest ago first, until `bytes` more fit or none is left. */
  makeRoom(bytes: number): Promise<void>;
}

/** A client that carries pieces between peers that cannot dial each other (docs/protocol.md, "Relays"). */
export interface RelayOptions {
  /** Whether it carries a share that somebody has come for and that is not here. Never rejects. */
  readonly admits: (infoHash: InfoHash) => Promise<boolean>;
  /** The metainfo where it is known without peers; undefined: it comes from them. Never rejects. */
  readonly metainfoOf: (infoHash: InfoHash) => Promise<Metainfo | undefined>;
  readonly cache: PieceCache;
  /** Announced to while a share is carried, as a relay. */
  readonly trackers: readonly string[];
  /** Whole shares are fetched and promised to be kept up to so many bytes; 0: none. */
  readonly keepBytes: number;
  /** For so long a kept share is promised from when it was last wanted. */
  readonly keepMs: number;
  /** Milliseconds since 1970: what is promised to be kept is promised by everybody's clock. */
  readonly unixMs: () => number;
  /** A share that nobody is connected for any more is left after this long. */
  readonly lingerMs: number;
  /** Relay links at once from one address. */
  readonly linksPerAddress: number;
}
