import { displayName } from "@shoal/peer-core/torrent";
import type { EngineState, GetItem, ShareItem } from "../engine/messages.js";
import { texts } from "./texts.js";
import { isBegun, nameOf } from "./underway.js";

const SHARE_STATES: Readonly<Record<ShareItem["state"]["kind"], string>> = {
  hashing: texts.sharing.hashing,
  publishing: texts.sharing.publishing,
  sharing: texts.sharing.sharing,
  "needs-files": texts.sharing.needsFiles,
  failed: texts.sharing.failed,
};

/** The state of a share in a word or two. */
export function shareStateWord(share: ShareItem): string {
  return SHARE_STATES[share.state.kind];
}

/** The state of a get in a word or two. */
export function getStateWord(get: GetItem): string {
  return texts.get.states[get.state.kind];
}

/** What a screen reader should hear of a new state: what changed its kind, nothing of figures. */
export function announcementsBetween(before: EngineState | undefined, after: EngineState): readonly string[] {
  if (before === undefined) return [];
  return [...sharesChanged(before, after), ...getsChanged(before, after)];
}

/** Names of what became complete between two states. */
export function doneBetween(before: EngineState | undefined, after: EngineState): readonly string[] {
  if (before === undefined) return [];
  return after.gets
    .filter((get) => get.state.kind === "done" && kindOf(before, get) !== "done" && kindOf(before, get) !== undefined)
    .map(nameOf);
}

function sharesChanged(before: EngineState, after: EngineState): readonly string[] {
  return after.shares.flatMap((share) => {
    const old = before.shares.find(({ id }) => id === share.id);
    const name = displayName(share.name);
    if (share.infoHash !== undefined && old !== undefined && old.infoHash === undefined)
      return [texts.announce.linkReady(name)];
    return old?.state.kind === share.state.kind ? [] : [texts.announce.is(name, shareStateWord(share))];
  });
}

function getsChanged(before: EngineState, after: EngineState): readonly string[] {
  return after.gets.flatMap((get) => {
    if (kindOf(before, get) === get.state.kind || !isBegun(get)) return [];
    if (get.state.kind === "done") return [texts.announce.done(nameOf(get))];
    return [texts.announce.is(nameOf(get), getStateWord(get))];
  });
}

function kindOf(state: EngineState, get: GetItem): GetItem["state"]["kind"] | undefined {
  return state.gets.find(({ infoHash }) => infoHash === get.infoHash)?.state.kind;
}
