import { displayName, formatMagnet } from "@shoal/peer-core/torrent";
import { Catalogues } from "../catalogue/catalogues.js";
import { trackersForOthers } from "../catalogue/tracker-for-others.js";
import { withHttpTwins } from "../catalogue/http-twins.js";
import type { CommandContext } from "./command-spec.js";
import { rateLimits } from "../settings/common-settings.js";
import { openNodePeer } from "../compose.js";
import { describeFiles } from "../terminal/event-report.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import type { HolderDescription, JsonEvent } from "../terminal/json-events.js";
import { knownTrackers } from "../settings/known-trackers.js";
import { lookAtShare, type ShareLook } from "../get/look-at-share.js";
import { resolveTarget, type Target } from "../get/target.js";
import { formatCount, formatDate, formatSize, parseCount, parseDuration } from "../units.js";

const DEFAULT_TIMEOUT_MS = 15_000;

type ShareEvent = Extract<JsonEvent, { event: "share" }>;

/** `shoal info WHAT`. */
export async function info(context: CommandContext): Promise<ExitCode> {
  const { settings, output, shutdown } = context;
  const timeoutMs = settings.parsed("timeout", parseDuration) ?? DEFAULT_TIMEOUT_MS;
  const piece = settings.parsed("piece", parseCount);
  const trackers = await knownTrackers(settings, shutdown.signal);
  const { signal } = shutdown;
  const peer = await openNodePeer({
    port: undefined,
    endpoint: undefined,
    limits: rateLimits(settings),
    version: context.version,
  });
  try {
    const onFailure = () => undefined;
    const target = await resolveTarget(context.args[0] ?? "", { trackers, hasher: peer.hasher, onFailure, signal });
    const look = await lookAtShare(peer.client, target, { timeoutMs, signal });
    const share = await describeShare(target, look, { piece, signal });
    output.event(share);
    for (const line of shareText(share, settings.flag("pieces"))) output.print(line);
    return EXIT.done;
  } finally {
    await peer.close();
  }
}

async function describeShare(
  target: Target,
  { metainfo, view }: ShareLook,
  asked: { piece: number | undefined; signal: AbortSignal },
): Promise<ShareEvent> {
  const { infoHash, name, length: size, geometry, isPrivate } = metainfo;
  const catalogues = new Catalogues(target.trackers, () => undefined);
  const orNothing = () => undefined;
  const [forOthers, listed, copies, holders] = await Promise.all([
    trackersForOthers(target.trackers, asked.signal),
    catalogues.entry(infoHash, asked.signal).catch(orNothing),
    catalogues.copies(infoHash, asked.signal).catch(orNothing),
    asked.piece === undefined ? undefined : catalogues.holders(infoHash, asked.piece, asked.signal).catch(orNothing),
  ]);
  const peers: HolderDescription[] = view.peers.map((each) => ({
    peerId: each.peerId,
    address: each.label,
    client: each.client ?? null,
    seed: each.isSeed,
  }));
  return {
    event: "share",
    infoHash,
    name,
    size,
    pieceLength: geometry.pieceLength,
    pieces: geometry.pieceCount,
    private: isPrivate,
    created: listed ? formatDate(listed.entry.addedAt) : null,
    seeds: listed?.entry.seeds ?? null,
    leeches: listed?.entry.leeches ?? null,
    trackers: target.trackers,
    webSeeds: target.webSeeds,
    files: describeFiles(metainfo),
    peers,
    copies: copies ?? null,
    holders: holders ?? null,
    magnet: formatMagnet({
      infoHash,
      name,
      trackers: withHttpTwins([...forOthers.values()]),
      endpoints: [],
      webSeeds: target.webSeeds,
    }),
  };
}

function shareText(share: ShareEvent, withPieces: boolean): readonly string[] {
  const rows: [string, string][] = [
    ["Name", displayName(share.name)],
    ["Info-hash", share.infoHash],
    ["Size", `${formatSize(share.size)} (${share.size.toLocaleString("en-US")} bytes)`],
    ["Pieces", `${share.pieces.toLocaleString("en-US")} of ${formatSize(share.pieceLength)}`],
    ["Listed", share.created ?? "in no catalogue"],
    [
      "Swarm",
      share.seeds === null
        ? "unknown"
        : `${formatCount(share.seeds, "seed")}, ${formatCount(share.leeches ?? 0, "leech", "leeches")}`,
    ],
    ["Copies", copiesText(share.copies)],
    ["Trackers", share.trackers.join(" ")],
    ...share.webSeeds.map((url): [string, string] => ["Web seed", displayName(url)]),
    ["Magnet", share.magnet],
  ];
  const lines = rows.map(([label, value]) => `${label.padEnd(10)} ${value}`);
  lines.push("", `${formatCount(share.files.length, "file")}:`);
  for (const file of share.files)
    lines.push(`${String(file.index).padStart(6)}  ${formatSize(file.size).padStart(9)}  ${displayName(file.path)}`);
  lines.push("", `${formatCount(share.peers.length, "peer")} connected${share.peers.length > 0 ? ":" : ""}`);
  for (const peer of share.peers)
    lines.push(
      `  ${peer.seed ? "seed " : "leech"}  ${displayName(peer.address)}  ${displayName(peer.client ?? "unknown client")}`,
    );
  if (withPieces) lines.push("", "Pieces and how many peers hold them:", ...pieceRuns(share.copies ?? []));
  for (const holder of share.holders ?? [])
    lines.push(`  ${holder.peerId}${holder.seed ? " seed" : ""}${holder.relay ? " relay" : ""}`);
  return lines;
}

function copiesText(copies: readonly number[] | null): string {
  if (copies === null || copies.length === 0) return "unknown";
  let least = Number.POSITIVE_INFINITY;
  let missing = 0;
  for (const count of copies) {
    least = Math.min(least, count);
    if (count === 0) missing++;
  }
  return missing > 0
    ? `${formatCount(missing, "piece")} held by nobody`
    : `every piece is held by ${formatCount(least, "peer")} or more`;
}

/** "0-99: 3", one line per run of pieces that equally many hold. */
function pieceRuns(copies: readonly number[]): readonly string[] {
  const lines: string[] = [];
  for (let first = 0; first < copies.length;) {
    let end = first + 1;
    while (end < copies.length && copies[end] === copies[first]) end++;
    lines.push(`  ${end - 1 === first ? first : `${first}-${end - 1}`}: ${copies[first] ?? 0}`);
    first = end;
  }
  return lines.length > 0 ? lines : ["  unknown"];
}
