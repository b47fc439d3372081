import { displayName } from "@shoal/peer-core/torrent";
import type { PeerRow, PieceSource } from "../engine/messages.js";
import { texts } from "./texts.js";

/** One line about who is connected, or was and has brought pieces. */
export interface SourceRow {
  readonly id: string;
  /** Shown name. */
  readonly name: string;
  /** Undefined: gone. */
  readonly peer: PeerRow | undefined;
  /** Number in the piece map; undefined: nothing of what is here came from them. */
  readonly number: number | undefined;
  readonly pieceCount: number;
}

/** Who has left is of interest only for the colours of the map: those who brought most. */
const MAX_GONE = 8;

/** Who is connected, as the engine orders them, then those who have left pieces and gone. */
export function sourceRows(peers: readonly PeerRow[], sources: readonly PieceSource[]): readonly SourceRow[] {
  const numbers = new Map(sources.map(({ id }, number) => [id, number]));
  const connected = new Set(peers.map(({ id }) => id));
  const here = peers.map((peer): SourceRow => {
    const number = numbers.get(peer.id);
    const pieceCount = number === undefined ? 0 : (sources[number]?.pieceCount ?? 0);
    return { id: peer.id, name: nameOf(peer.label), peer, number: pieceCount > 0 ? number : undefined, pieceCount };
  });
  const gone = sources
    .map(({ id, label, pieceCount }, number): SourceRow => {
      return { id, name: nameOf(label), peer: undefined, number, pieceCount };
    })
    .filter(({ id, pieceCount }) => pieceCount > 0 && !connected.has(id))
    .sort((a, b) => b.pieceCount - a.pieceCount)
    .slice(0, MAX_GONE);
  return [...here, ...gone];
}

/** A name in parts between which a line may break: after the dots of a host name, not in the middle of a word. */
export function breakable(name: string): readonly string[] {
  return name.split(/(?<=[.:/_-])/);
}

function nameOf(label: string): string {
  return label === "" ? texts.peers.nameless : displayName(label);
}
