/**
 * What the page asks of the engine (a dedicated worker that holds the peer), and what the engine tells. Everything here can
 * be cloned between threads. The page shows and asks; whatever is decided, kept or fetched is the engine's.
 */

/** A file that the person picked, with its place in the folder that was picked: path components, the name last. */
export interface PickedFile {
  readonly path: readonly string[];
  readonly file: File;
}

export type EngineCommand =
  /** Comes first and once. `base`: the page's URL without fragment, ending in "/". */
  | { readonly type: "start"; readonly base: string }
  /**
   * Shares files in place. `id` is the page's, for as long as there is no info-hash. `name` is that of the one file, or of
   * the folder (several picked files are a folder with a name of the page's choice); `isFolder`: a multi-file share, also
   * of one file. `handles`: where the browser gives them, so that a reload need not ask for the files again.
   */
  | {
      readonly type: "share";
      readonly id: string;
      readonly name: string;
      readonly isFolder: boolean;
      readonly files: readonly PickedFile[];
      readonly isListed: boolean;
      readonly handles?: readonly FileSystemHandle[];
    }
  /** The same files again for a share that is known from before a reload (`needs-files`). */
  | { readonly type: "refile"; readonly infoHash: string; readonly files: readonly PickedFile[] }
  /** Ends hashing or sharing; a share that was listed is taken off the list. */
  | { readonly type: "stop-sharing"; readonly id: string }
  /** Opens a link, magnet or info-hash: names and sizes are found out, nothing is fetched. */
  | { readonly type: "look"; readonly link: string }
  /** Nobody looks at it any more; forgotten unless it was begun. */
  | { readonly type: "look-away"; readonly infoHash: string }
  /** Begins, or changes what is chosen: indexes of files, all of them when left out. */
  | { readonly type: "get"; readonly infoHash: string; readonly select?: readonly number[] }
  | { readonly type: "pause"; readonly infoHash: string }
  /** Goes on with what is paused, failed, or interrupted by a reload. */
  | { readonly type: "resume"; readonly infoHash: string }
  /** Ends it and deletes what has come. */
  | { readonly type: "discard"; readonly infoHash: string }
  /** What has come whole stays here and is given to others no more. */
  | { readonly type: "stop-helping"; readonly infoHash: string }
  /** Asks for what was got as one File-backed Blob: the file itself, or a ZIP of several. Answered by `saved`. */
  | { readonly type: "save"; readonly infoHash: string; readonly request: number }
  /** Writes it straight to a place that the person picked: a file, or a folder for several. Answered by `saved`. */
  | {
      readonly type: "save-to";
      readonly infoHash: string;
      readonly request: number;
      readonly target: FileSystemFileHandle | FileSystemDirectoryHandle;
    }
  /** Whether peers and the piece map of a share or get are looked at: only then they are told. */
  | { readonly type: "watch"; readonly infoHash: string; readonly isWatched: boolean };

export type EngineEvent =
  /** The whole state, replaced each time: on every change of kind, else at most twice a second. */
  | { readonly type: "state"; readonly state: EngineState }
  /** `blob` is there for `save` and not for `save-to`. */
  | { readonly type: "saved"; readonly request: number; readonly name: string; readonly blob?: Blob }
  | { readonly type: "save-failed"; readonly request: number; readonly trouble: Trouble }
  /** The engine's script does not come; it is asked for again and again. */
  | { readonly type: "not-loaded" }
  /** The engine cannot run at all. */
  | { readonly type: "broken"; readonly message: string };

export interface EngineState {
  readonly shares: readonly ShareItem[];
  readonly gets: readonly GetItem[];
  /** What this browser, or this page's address, does not allow. */
  readonly abilities: Abilities;
  readonly hub: HubLine;
  /** Bytes that the browser gives this page, where it tells. */
  readonly storage: { readonly usedBytes: number; readonly quotaBytes: number; readonly isKept: boolean } | undefined;
}

export interface Abilities {
  /** https or localhost: without it some of what follows is missing. */
  readonly isSecure: boolean;
  readonly hasOpfs: boolean;
  readonly hasLocks: boolean;
  readonly hasWebCrypto: boolean;
}

/** The line to the hub's tracker. */
export type HubLine =
  | { readonly kind: "connecting" }
  | { readonly kind: "connected" }
  | { readonly kind: "unreachable"; readonly sinceMs: number };

export type TroubleCode =
  | "disk-full"
  | "disk"
  | "source-changed"
  | "unreadable"
  | "wrong-files"
  | "metainfo"
  | "unsafe-name"
  | "bad-link"
  | "bad-content"
  | "tracker"
  | "busy-elsewhere"
  | "failed";

/** What went wrong; `message` is English, for details. The page has its own words for each code. */
export interface Trouble {
  readonly code: TroubleCode;
  readonly message: string;
}

export interface FileItem {
  readonly path: readonly string[];
  readonly size: number;
  readonly isChosen: boolean;
  readonly doneBytes: number;
}

/** Rates are bytes per second, times milliseconds of `Date.now()`. */
export interface ShareItem {
  /** The page's, also after a reload. */
  readonly id: string;
  readonly infoHash: string | undefined;
  readonly name: string;
  readonly size: number;
  readonly fileCount: number;
  readonly isListed: boolean;
  readonly state:
    | { readonly kind: "hashing"; readonly doneBytes: number; readonly bytesPerSecond: number }
    /** Hashed; the hub has not accepted it yet. */
    | { readonly kind: "publishing" }
    | { readonly kind: "sharing" }
    /** After a reload: to be picked again. `canGrant`: the browser remembers them and one click is enough. */
    | { readonly kind: "needs-files"; readonly canGrant: boolean }
    | { readonly kind: "failed"; readonly trouble: Trouble };
  /** Pieces that are not what was hashed any more, and are given to nobody. */
  readonly lostPieces: number;
  readonly upBytesPerSecond: number;
  readonly uploaded: number;
  /** People who are getting it now, and those who have all of it, as the trackers say; this tab not counted. */
  readonly leeches: number;
  readonly seeds: number;
  readonly closing: ClosingAdvice;
  readonly peers: readonly PeerRow[];
}

/** May this tab be closed? Only seeds that others can dial and relays that promise to keep it count. */
export type ClosingAdvice =
  /** Nobody else has all of it. */
  | { readonly kind: "needed" }
  /** `by`: host names of who has all of it. `untilMs`: a relay's promise; undefined: a seed that is there. */
  | { readonly kind: "safe"; readonly by: readonly string[]; readonly untilMs: number | undefined };

export interface GetItem {
  readonly infoHash: string;
  /** Undefined until somebody has described it. */
  readonly name: string | undefined;
  readonly size: number;
  readonly files: readonly FileItem[];
  readonly pieceLength: number;
  readonly state:
    | { readonly kind: "looking"; readonly sinceMs: number }
    /** Names and sizes are known, nothing was begun. */
    | { readonly kind: "found" }
    | { readonly kind: "unknown" }
    /** What is here from before is being looked at. */
    | { readonly kind: "checking" }
    | { readonly kind: "getting"; readonly etaSeconds: number | undefined }
    | { readonly kind: "stalled"; readonly sinceMs: number }
    | { readonly kind: "paused" }
    /** A reload or crash ended it: to be resumed or discarded. */
    | { readonly kind: "interrupted" }
    /** All that was chosen is here and can be saved. `isHelping`: it is given to others. */
    | { readonly kind: "done"; readonly isHelping: boolean }
    | { readonly kind: "failed"; readonly trouble: Trouble };
  readonly chosenBytes: number;
  readonly doneBytes: number;
  readonly downBytesPerSecond: number;
  readonly upBytesPerSecond: number;
  readonly uploaded: number;
  /** As the trackers say. */
  readonly leeches: number;
  readonly seeds: number;
  /** Connected now, of whom something may come. */
  readonly sourceCount: number;
  readonly relayCount: number;
  readonly closing: ClosingAdvice;
  /** Why nothing moves; undefined while something does. */
  readonly why: WhyStuck | undefined;
  /** While watched. */
  readonly peers: readonly PeerRow[];
  /** While watched: one byte a piece (see PIECE); at most 4,096 groups of equal size stand for more pieces. */
  readonly pieceMap: Uint8Array | undefined;
  /** While watched: who has brought pieces since the page was loaded, in an order that stays. */
  readonly sources: readonly PieceSource[];
  readonly pieceCount: number;
  readonly verifiedPieces: number;
}

/** What a byte of a piece map says; from `from` on: here, and brought by that one of `sources` (or, 255, of too many). */
export const PIECE = { missing: 0, unwanted: 1, underWay: 2, here: 3, from: 16 } as const;

/** Who brought pieces, connected or not. */
export interface PieceSource {
  /** That of the peer's row, while it has one. */
  readonly id: string;
  readonly label: string;
  readonly pieceCount: number;
}

export interface PeerRow {
  /** Stays the same while the row does. */
  readonly id: string;
  /** Host name, or what is known of it. */
  readonly label: string;
  readonly kind: "relay" | "seed" | "peer";
  readonly client: string | undefined;
  readonly downBytesPerSecond: number;
  readonly upBytesPerSecond: number;
  readonly downloaded: number;
  readonly uploaded: number;
  /** 0 to 1. */
  readonly share: number;
}

export interface WhyStuck {
  readonly kind:
    | "offline"
    | "hub-unreachable"
    | "nobody-known"
    | "nobody-has-the-rest"
    | "only-unreachable-peers"
    | "waiting-for-a-turn"
    | "relay-unreachable"
    | "another-tab";
  /** When the last piece came, or somebody who had it was there. */
  readonly lastSeenMs: number | undefined;
  /** How much of what was chosen nobody connected has, 0 to 1. */
  readonly missingShare: number;
  /** Everything that was tried, in order: trackers, relays, peers, hints. */
  readonly tried: readonly TriedWay[];
}

export interface TriedWay {
  readonly what: "tracker" | "relay" | "peer";
  readonly address: string;
  /** What it said, English, for details. */
  readonly answer: string;
  readonly atMs: number;
}
