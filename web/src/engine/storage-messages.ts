import type { ErrorCode } from "@shoal/peer-core/torrent";

/** What a share is kept as, said to another thread; see `KeptShare`. */
export interface ToldShare {
  readonly infoBytes: Uint8Array;
  readonly kept: ReadonlySet<number> | undefined;
  readonly sealed: ReadonlySet<number>;
}

/** What the engine asks of the thread that has its files. Each is answered once, with its `call`; memory that is sent moves. */
export type StorageCommand = { readonly call: number } & (
  | { readonly type: "open"; readonly store: number; readonly share: ToldShare }
  | { readonly type: "forget-border"; readonly share: ToldShare }
  | { readonly type: "discard"; readonly infoHash: string }
  | {
      readonly type: "write-if-matching";
      readonly store: number;
      readonly piece: number;
      readonly data: Uint8Array<ArrayBuffer>;
      readonly sha1: Uint8Array;
    }
  | { readonly type: "write"; readonly store: number; readonly piece: number; readonly data: Uint8Array }
  /** `into`: as many bytes as are to be read, of any content. */
  | {
      readonly type: "read";
      readonly store: number;
      readonly piece: number;
      readonly begin: number;
      readonly into: Uint8Array<ArrayBuffer>;
    }
  | { readonly type: "remove"; readonly store: number; readonly piece: number }
  | { readonly type: "blob"; readonly store: number; readonly file: number }
  | { readonly type: "flush"; readonly store: number }
  | { readonly type: "close"; readonly store: number }
);

/** What comes of a command. `data`: the memory that came with it, sent back. */
export type StorageOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "opened"; readonly present: Uint8Array }
  | { readonly kind: "judged"; readonly isMatch: boolean; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly kind: "read"; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly kind: "blob"; readonly blob: Blob }
  | {
      readonly kind: "failed";
      readonly code: ErrorCode;
      readonly message: string;
      readonly data?: Uint8Array<ArrayBuffer> | undefined;
    };

/** What the thread tells: once whether it has files at all, then what comes of each command. */
export type StorageEvent =
  | { readonly type: "ready"; readonly hasFiles: boolean }
  | { readonly type: "answer"; readonly call: number; readonly outcome: StorageOutcome };
