import { Aria2 } from "./aria2.js";
import type { Contender } from "./contender.js";
import { Curl } from "./curl.js";
import { Libtorrent } from "./libtorrent.js";
import { Shoal } from "./shoal.js";
import { WebTorrentPeers } from "./webtorrent.js";

/** What ours are held against in the notes of a table. */
export const TUNED = "libtorrent tuned";
export const WEBTORRENT = "WebTorrent";

/** Everybody who can be measured carrying files; what they keep between runs goes into `folder`. */
export function allContenders(folder: string): readonly Contender[] {
  return [
    new Curl(folder),
    new Aria2(),
    new Libtorrent({ name: "libtorrent", isTuned: false }),
    new Libtorrent({ name: TUNED, isTuned: true }),
    new WebTorrentPeers(WEBTORRENT),
    new Shoal("ws", folder),
    new Shoal("tcp", folder),
  ];
}

/** Everybody who speaks BitTorrent. */
export function peers(folder: string): readonly Contender[] {
  return allContenders(folder).filter((contender) => !(contender instanceof Curl));
}

/** The least that a self-test needs: the limit and ours. */
export function fewContenders(folder: string): readonly Contender[] {
  return allContenders(folder).filter((contender) => contender instanceof Curl || contender.isOurs);
}
