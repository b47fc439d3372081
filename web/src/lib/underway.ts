import { displayName } from "@shoal/peer-core/torrent";
import type { EngineState, GetItem, ShareItem } from "../engine/messages.js";
import { formatPercent, percentOf } from "./format-rate.js";
import { texts } from "./texts.js";

const BEGUN: ReadonlySet<GetItem["state"]["kind"]> = new Set([
  "checking",
  "getting",
  "stalled",
  "paused",
  "interrupted",
  "done",
  "failed",
]);

/** Gets that somebody agreed to, not the links that are only looked at. */
export function begunGets(state: EngineState | undefined): readonly GetItem[] {
  return (state?.gets ?? []).filter(isBegun);
}

/** Whether it was agreed to, so that there is something to pause, resume or keep. */
export function isBegun(item: GetItem): boolean {
  return BEGUN.has(item.state.kind) && (item.name !== undefined || item.state.kind !== "failed");
}

/** What a get is called on the surface. */
export function nameOf(item: GetItem): string {
  return displayName(item.name ?? item.infoHash);
}

/** A closed tab would end what others need: only then the browser is asked to ask. */
export function isNeeded(state: EngineState | undefined): boolean {
  return (state?.shares ?? []).some((share) => isRunning(share) && share.closing.kind === "needed");
}

/** Whether bytes move, so that a device should not fall asleep. */
export function isTransferring(state: EngineState | undefined): boolean {
  if (state === undefined) return false;
  const isBusy = ({ state: { kind } }: GetItem) => kind === "getting" || kind === "checking";
  return (
    state.gets.some((get) => isBusy(get) || get.upBytesPerSecond > 0) ||
    state.shares.some((share) => share.state.kind === "hashing" || share.upBytesPerSecond > 0)
  );
}

/** The title of the tab: how far it is, of the share that is looked at, else of the first under way. */
export function pageTitle(
  state: EngineState | undefined,
  lookedAt: { infoHash: string; name: string } | undefined,
): string {
  const gets = begunGets(state).filter(({ state: { kind } }) => kind === "getting" || kind === "stalled");
  const get = lookedAt === undefined ? gets[0] : gets.find(({ infoHash }) => infoHash === lookedAt.infoHash);
  if (get !== undefined) return withProgress(get.doneBytes, get.chosenBytes, nameOf(get));
  if (lookedAt !== undefined) return lookedAt.name === "" ? texts.title : texts.titleOf(lookedAt.name);
  const hashing = state?.shares.find((share) => share.state.kind === "hashing");
  if (hashing?.state.kind !== "hashing") return texts.title;
  return withProgress(hashing.state.doneBytes, hashing.size, displayName(hashing.name));
}

function withProgress(done: number, total: number, name: string): string {
  return texts.titleWithProgress(formatPercent(percentOf(done, total)), name);
}

function isRunning({ state: { kind } }: ShareItem): boolean {
  return kind === "hashing" || kind === "publishing" || kind === "sharing";
}
