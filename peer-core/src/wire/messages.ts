/** One message of the peer wire. Numbers are as they came: in range of 32 bits, not yet checked against a geometry. */
export type WireMessage =
  | { readonly type: "keep-alive" }
  | { readonly type: "choke" }
  | { readonly type: "unchoke" }
  | { readonly type: "interested" }
  | { readonly type: "not-interested" }
  | { readonly type: "have"; readonly piece: number }
  | { readonly type: "bitfield"; readonly bytes: Uint8Array }
  | { readonly type: "request"; readonly piece: number; readonly begin: number; readonly length: number }
  | { readonly type: "piece"; readonly piece: number; readonly begin: number; readonly block: Uint8Array }
  | { readonly type: "cancel"; readonly piece: number; readonly begin: number; readonly length: number }
  | { readonly type: "port"; readonly port: number }
  | { readonly type: "suggest"; readonly piece: number }
  | { readonly type: "have-all" }
  | { readonly type: "have-none" }
  | { readonly type: "reject"; readonly piece: number; readonly begin: number; readonly length: number }
  | { readonly type: "allowed-fast"; readonly piece: number }
  | { readonly type: "extended"; readonly id: number; readonly payload: Uint8Array }
  /** A message of an id that we do not know: ignored (BEP 3 clients do the same). */
  | { readonly type: "unknown"; readonly id: number };

/** Message ids: BEP 3, 6 and 10. */
export const CODE = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  port: 9,
  suggest: 13,
  haveAll: 14,
  haveNone: 15,
  reject: 16,
  allowedFast: 17,
  extended: 20,
} as const;

/** Bytes of a `piece` message before its block, without and with the length prefix. */
export const PIECE_HEADER_BYTES = 9;
export const PIECE_FRAME_HEADER_BYTES = 13;
