import { ShoalError } from "../../base/errors.js";
import type { Metainfo } from "../../torrent/metainfo.js";

/**
 * How many bytes of each piece belong to the chosen files; a piece with none is not wanted. `files` are indexes into
 * `metainfo.files`; undefined chooses everything. Throws ShoalError("link") for an index that does not exist.
 */
export function chosenBytes(metainfo: Metainfo, files: readonly number[] | undefined): Uint32Array {
  const { geometry } = metainfo;
  const chosen = new Uint32Array(geometry.pieceCount);
  if (files === undefined) {
    for (const piece of geometry.pieces()) chosen[piece] = geometry.pieceSize(piece);
    return chosen;
  }
  for (const index of new Set(files)) {
    const file = metainfo.files[index];
    if (file === undefined)
      throw new ShoalError("link", `There is no file ${index}: the share has ${metainfo.files.length}`);
    const { first, end } = geometry.piecesOf(file.offset, file.length);
    for (let piece = first; piece < end; piece++) {
      const begin = Math.max(file.offset, piece * geometry.pieceLength);
      const until = Math.min(file.offset + file.length, (piece + 1) * geometry.pieceLength);
      chosen[piece] = (chosen[piece] ?? 0) + until - begin;
    }
  }
  return chosen;
}
