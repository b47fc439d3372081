import { PIECE } from "../engine/messages.js";

/** How a cell of the map is painted. */
export type CellPaint =
  { readonly kind: "missing" | "unwanted" | "under-way" | "here" } | { readonly kind: "from"; readonly source: number };

/** What a byte of a piece map looks like. */
export function paintOf(byte: number): CellPaint {
  if (byte === 255 || byte === PIECE.here) return { kind: "here" };
  if (byte >= PIECE.from) return { kind: "from", source: byte - PIECE.from };
  if (byte === PIECE.unwanted) return { kind: "unwanted" };
  return { kind: byte === PIECE.underWay ? "under-way" : "missing" };
}

/** Which kinds of cells without a source a map shows, in the order of a key. */
export function kindsIn(map: Uint8Array): readonly Exclude<CellPaint["kind"], "from">[] {
  const shown = new Set([...new Set(map)].map((byte) => paintOf(byte).kind));
  return (["here", "under-way", "missing", "unwanted"] as const).filter((kind) => shown.has(kind));
}

/** A grid that fills a width with square cells; sizes in CSS pixels. */
export interface MapGrid {
  readonly columns: number;
  readonly rows: number;
  /** Side of a cell with the gap beside it; the columns fill the width. */
  readonly pitch: number;
}

/** The largest cells that a person can still compare, and the smallest that can be seen. */
const MAX_PITCH = 14;
const MIN_PITCH = 5;
/** The map is a glance, not a page. */
const MAX_HEIGHT = 160;

/** The grid for so many cells. */
export function gridFor(cells: number, width: number): MapGrid {
  for (let pitch = MAX_PITCH; pitch > MIN_PITCH; pitch--) {
    const grid = gridOf(cells, width, pitch);
    if (grid.rows * pitch <= MAX_HEIGHT) return grid;
  }
  return gridOf(cells, width, MIN_PITCH);
}

function gridOf(cells: number, width: number, pitch: number): MapGrid {
  const columns = Math.max(1, Math.floor(width / pitch));
  const isFull = cells > columns && width > 0;
  return { columns, rows: Math.ceil(cells / columns), pitch: isFull ? width / columns : pitch };
}
