import type { SwarmView } from "@shoal/peer-core";
import type { Metainfo } from "@shoal/peer-core/torrent";
import { closingAdvice } from "./closing-advice.js";
import type { FileProgress } from "./file-progress.js";
import type { Presence } from "./hub-catalogue.js";
import type { KnownPeer } from "./known-peer.js";
import type { FileItem, GetItem, PieceSource, Trouble, WhyStuck } from "./messages.js";
import { peerRows } from "./peer-rows.js";

/** Nothing has come for this long: people begin to wonder. */
export const STALLED_MS = 8_000;

/** What a get is about, as the engine knows it; the page is told more precisely what follows from it. */
export type GetStatus =
  | { readonly kind: "looking"; readonly sinceMs: number }
  | { readonly kind: "unknown" }
  | { readonly kind: "found" }
  | { readonly kind: "checking" }
  | { readonly kind: "running" }
  | { readonly kind: "paused" }
  | { readonly kind: "interrupted" }
  | { readonly kind: "done"; readonly isHelping: boolean }
  | { readonly kind: "failed"; readonly trouble: Trouble };

export interface GetFacts {
  readonly infoHash: string;
  readonly status: GetStatus;
  /** From the link, until the metainfo is there. */
  readonly linkName: string | undefined;
  readonly metainfo: Metainfo | undefined;
  readonly progress: FileProgress | undefined;
  /** Undefined: all files. */
  readonly chosen: ReadonlySet<number> | undefined;
  /** While its session runs. */
  readonly view: SwarmView | undefined;
  readonly presence: Presence | undefined;
  /** When bytes last came, or could have begun to. */
  readonly lastMovedMs: number;
  readonly isWatched: boolean;
  readonly why: () => WhyStuck;
  readonly pieceMap: () => Uint8Array | undefined;
  readonly sources: () => readonly PieceSource[];
  readonly nowMs: number;
}

/** A get as the page shows it. */
export function stateOfGet(facts: GetFacts): GetItem {
  const { metainfo, progress, view, presence } = facts;
  const files = metainfo === undefined ? [] : fileItems(metainfo, facts);
  const chosen = files.filter(({ isChosen }) => isChosen);
  const peers: readonly KnownPeer[] = view?.peers ?? [];
  const chosenBytes = sum(chosen.map(({ size }) => size));
  const doneBytes = sum(chosen.map((file) => file.doneBytes));
  const state = shownState(facts, chosenBytes - doneBytes);
  return {
    infoHash: facts.infoHash,
    name: metainfo?.name ?? facts.linkName,
    size: metainfo === undefined ? 0 : sum(files.map(({ size }) => size)),
    files,
    pieceLength: metainfo?.geometry.pieceLength ?? 0,
    state,
    chosenBytes,
    doneBytes,
    downBytesPerSecond: view?.downBytesPerSecond ?? 0,
    upBytesPerSecond: view?.upBytesPerSecond ?? 0,
    uploaded: view?.uploaded ?? 0,
    leeches: presence?.leeches ?? 0,
    seeds: presence?.seeds ?? 0,
    sourceCount: peers.filter((peer) => !peer.isRelay).length,
    relayCount: peers.filter((peer) => peer.isRelay).length,
    closing: closingAdvice(peers, facts.nowMs),
    why: state.kind === "stalled" || isBusyElsewhere(facts.status) ? facts.why() : undefined,
    peers: facts.isWatched ? peerRows(peers) : [],
    pieceMap: facts.isWatched ? facts.pieceMap() : undefined,
    sources: facts.isWatched ? facts.sources() : [],
    pieceCount: metainfo?.geometry.pieceCount ?? 0,
    verifiedPieces: progress?.held.count ?? 0,
  };
}

function shownState({ status, view, lastMovedMs, nowMs }: GetFacts, leftBytes: number): GetItem["state"] {
  if (status.kind !== "running") return status;
  // Not by the rate: that is an average, which takes the better part of a minute to come down to nothing.
  if (nowMs - lastMovedMs > STALLED_MS) return { kind: "stalled", sinceMs: lastMovedMs };
  const rate = view?.downBytesPerSecond ?? 0;
  return { kind: "getting", etaSeconds: rate > 0 ? leftBytes / rate : undefined };
}

function isBusyElsewhere(status: GetStatus): boolean {
  return status.kind === "failed" && status.trouble.code === "busy-elsewhere";
}

/** The files that a person sees: filler between them is not shown, and stands with no bytes so that indexes stay. */
function fileItems(metainfo: Metainfo, { progress, chosen }: GetFacts): FileItem[] {
  return metainfo.files.map(({ path, length, padding }, index) => ({
    path,
    size: padding ? 0 : length,
    isChosen: !padding && (chosen?.has(index) ?? true),
    doneBytes: padding ? 0 : (progress?.doneBytes(index) ?? 0),
  }));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
