import { ShoalError } from "../base/errors.js";
import { parseInfoHash } from "../base/ids.js";
import { parseMagnet } from "./magnet.js";
import { checkedText } from "./share-link.js";
import type { ShareLink } from "./share-link.js";
import { parseWebLink } from "./web-link.js";

/** Reads whatever a person may paste: a magnet link, a web link or a bare info-hash. Throws ShoalError("link"). */
export function parseShareLink(text: string): ShareLink {
  const trimmed = checkedText(text);
  if (/^magnet:/i.test(trimmed)) return parseMagnet(trimmed);
  if (/^https?:/i.test(trimmed)) return parseWebLink(trimmed);
  const infoHash = parseInfoHash(trimmed);
  if (infoHash !== undefined) return { infoHash, trackers: [], endpoints: [], webSeeds: [] };
  throw new ShoalError("link", "Expected a magnet link, a web link (https://HOST/#/s/INFOHASH) or an info-hash");
}
