/** Why a web seed did not give what it was asked for. */
export type SeedFailure =
  /** It does not have this file as the metainfo describes it; the others may be had. */
  | { readonly kind: "file"; readonly message: string }
  /** It is of no use at all: that will not change soon. */
  | { readonly kind: "unusable"; readonly message: string }
  /** It asks to be left alone, for so long if it says. */
  | { readonly kind: "busy"; readonly message: string; readonly retryAfterMs: number | undefined }
  /** The network, or a passing weakness of the server. */
  | { readonly kind: "trouble"; readonly message: string };
