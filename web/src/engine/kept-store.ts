import type { PieceStore } from "@shoal/peer-core";
import type { Metainfo } from "@shoal/peer-core/torrent";

/** Where the pieces of a share that is being got are kept in the browser. */
export interface KeptStore extends PieceStore {
  /**
   * The bytes of a chosen file that is here whole, in storage, to be handed to the page. From then on nothing is ever
   * written to that file again: a browser makes what it handed out unreadable by any write. Rejects with ShoalError
   * "disk" when the file is not here whole.
   */
  blobOf(file: number): Promise<Blob>;
}

export interface KeptShare {
  readonly metainfo: Metainfo;
  /** Indexes of the files that are kept; undefined: all. */
  readonly kept: ReadonlySet<number> | undefined;
  /** Files that the page has been handed: never written to. One set for as long as the share is open in this tab. */
  readonly sealed: Set<number>;
}

/** A kind of storage of the browser. */
export interface StoragePlace {
  /** Opens what is kept of a share, or begins it. Rejects with ShoalError "disk" or "disk-full". */
  open(share: KeptShare): Promise<KeptStore>;
  /** Other files are kept from now on, more than before: forgets the pieces that would lie elsewhere then. */
  forgetBorder(share: KeptShare): Promise<void>;
  /** Deletes everything of a share; no store on it may be open. */
  discard(infoHash: string): Promise<void>;
}
