import { Aria2Crowd } from "./aria2-crowd.js";
import type { CrowdContender } from "./crowd-contender.js";
import { ScriptedCrowd } from "./scripted-crowd.js";
import { ShoalCrowd } from "./shoal-crowd.js";
import { libtorrentProgram } from "../contenders/libtorrent.js";
import { webTorrentProgram } from "../contenders/webtorrent.js";

/** Everybody whose crowds are measured. */
export function allCrowds(): readonly CrowdContender[] {
  return [
    new Aria2Crowd(),
    new ScriptedCrowd({ name: "libtorrent", open: libtorrentProgram }),
    new ScriptedCrowd({ name: "WebTorrent", open: webTorrentProgram }),
    new ShoalCrowd(),
  ];
}
