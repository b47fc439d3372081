import { isShoalError, messageOf, type ErrorCode } from "@shoal/peer-core/torrent";
import type { Trouble, TroubleCode } from "./messages.js";

/** The page's word for each of our errors; what is not here is simply `failed`. */
const CODES: Partial<Record<ErrorCode, TroubleCode>> = {
  "disk-full": "disk-full",
  disk: "disk",
  "source-changed": "source-changed",
  source: "unreadable",
  metainfo: "metainfo",
  bencode: "metainfo",
  "unsafe-name": "unsafe-name",
  link: "bad-link",
  "bad-content": "bad-content",
  tracker: "tracker",
};

/** What went wrong, as the page is told. */
export function troubleOf(error: unknown): Trouble {
  const code = isShoalError(error) ? CODES[error.code] : undefined;
  return { code: code ?? "failed", message: messageOf(error) };
}
