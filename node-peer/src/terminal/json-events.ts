/** One file of a share, as `metadata` and `share` events list it. */
export interface FileDescription {
  /** From 0; what `--select` takes. */
  readonly index: number;
  /** Relative to the share, with "/". */
  readonly path: string;
  readonly size: number;
}

/** What is known of one share in a catalogue. */
export interface CatalogueDescription {
  readonly infoHash: string;
  readonly name: string;
  readonly size: number;
  readonly files: number;
  readonly pieceLength: number;
  readonly created: string;
  readonly seeds: number;
  readonly leeches: number;
  readonly link: string;
  readonly magnet: string;
}

/** One peer of a share, as `share` events list it. */
export interface HolderDescription {
  readonly peerId: string;
  readonly address: string;
  readonly client: string | null;
  readonly seed: boolean;
}

/** One line of `--json` output. Documented in docs/command.md; fields are added, never renamed or removed. */
export type JsonEvent =
  | {
      readonly event: "serving";
      readonly url: string;
      readonly urls: readonly string[];
      readonly tracker: string;
      readonly port: number;
    }
  | { readonly event: "hashing"; readonly path: string; readonly done: number; readonly size: number }
  | {
      readonly event: "shared";
      readonly infoHash: string;
      readonly name: string;
      readonly size: number;
      readonly pieceLength: number;
      readonly link: string;
      readonly magnet: string;
      readonly path: string;
    }
  | {
      readonly event: "created";
      readonly infoHash: string;
      readonly name: string;
      readonly size: number;
      readonly pieceLength: number;
      readonly path: string;
      readonly magnet: string;
    }
  | {
      readonly event: "metadata";
      readonly infoHash: string;
      readonly name: string;
      readonly size: number;
      readonly pieceLength: number;
      readonly pieces: number;
      readonly files: readonly FileDescription[];
    }
  | {
      readonly event: "progress";
      readonly infoHash: string;
      readonly done: number;
      readonly size: number;
      readonly down: number;
      readonly up: number;
      /** Payload of this run so far, what came in vain included. */
      readonly downloaded: number;
      readonly uploaded: number;
      readonly peers: number;
      readonly etaSeconds: number | null;
    }
  | {
      readonly event: "peer";
      readonly infoHash: string;
      readonly peerId: string;
      readonly address: string;
      readonly change: "connected" | "closed" | "banned";
      readonly reason: string | null;
    }
  | {
      readonly event: "complete";
      readonly infoHash: string;
      readonly path: string;
      readonly size: number;
      readonly seconds: number;
      readonly bytesPerSecond: number;
    }
  | { readonly event: "checking"; readonly infoHash: string; readonly done: number; readonly size: number }
  | {
      readonly event: "checked";
      readonly infoHash: string;
      readonly path: string;
      readonly pieces: number;
      readonly wrongPieces: number;
      readonly wrongBytes: number;
    }
  | { readonly event: "skipped"; readonly infoHash: string; readonly path: string }
  | ({ readonly event: "found" } & CatalogueDescription)
  | {
      readonly event: "share";
      readonly infoHash: string;
      readonly name: string;
      readonly size: number;
      readonly pieceLength: number;
      readonly pieces: number;
      readonly private: boolean;
      readonly created: string | null;
      readonly seeds: number | null;
      readonly leeches: number | null;
      readonly trackers: readonly string[];
      readonly webSeeds: readonly string[];
      readonly files: readonly FileDescription[];
      readonly peers: readonly HolderDescription[];
      /** How many peers hold each piece, by index. */
      readonly copies: readonly number[] | null;
      /** Peers that hold the piece asked for by --piece. */
      readonly holders:
        | readonly {
            readonly peerId: string;
            readonly seed: boolean;
            readonly relay: boolean;
            readonly dialable: boolean;
          }[]
        | null;
      readonly magnet: string;
    }
  /** `until`: in ISO 8601. */
  | { readonly event: "kept"; readonly infoHash: string; readonly by: string; readonly until: string }
  | { readonly event: "stopped"; readonly infoHash: string; readonly uploaded: number; readonly downloaded: number }
  | { readonly event: "warning"; readonly code: string; readonly message: string }
  | { readonly event: "error"; readonly code: string; readonly message: string };
