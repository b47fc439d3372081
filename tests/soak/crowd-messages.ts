/** What a crowd is to do: the first message to its process. */
export interface CrowdOrder {
  readonly tracker: string;
  readonly infoHashes: readonly string[];
  /** Peers at once. */
  readonly peers: number;
}

/** What its process tells. */
export type CrowdReport =
  | { readonly kind: "got"; readonly ms: number }
  | { readonly kind: "failed"; readonly why: string }
  /** After the message "leave": all peers have gone. */
  | { readonly kind: "left" };
