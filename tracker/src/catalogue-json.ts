import { toWireId } from "@shoal/peer-core/announce";
import type { Metainfo } from "@shoal/peer-core/torrent";
import type { CatalogueEntry } from "./catalogue.js";
import { MAX_FILES_TOLD, MAX_SEARCHED_NAMES } from "./limits.js";
import type { SwarmRegistry } from "./swarm-registry.js";

/** The entry of a share that is published at `now` (unix milliseconds). */
export function entryOf(metainfo: Metainfo, isSearchable: boolean, now: number): CatalogueEntry {
  const { infoHash, name, length, files, geometry, isPrivate } = metainfo;
  return {
    infoHash,
    name,
    size: length,
    fileCount: files.filter(({ padding }) => !padding).length,
    pieceLength: geometry.pieceLength,
    pieceCount: geometry.pieceCount,
    isPrivate,
    isSearchable,
    addedAt: now,
    lastSeedAt: now,
    fileNames: metainfo.isMultiFile ? searchedNames(metainfo) : "",
  };
}

/** An entry as the API tells it; times in unix seconds. */
export function entryJson(entry: CatalogueEntry, registry: SwarmRegistry): Record<string, unknown> {
  const swarm = registry.find(toWireId(entry.infoHash));
  return {
    infoHash: entry.infoHash,
    name: entry.name,
    size: entry.size,
    fileCount: entry.fileCount,
    pieceLength: entry.pieceLength,
    pieceCount: entry.pieceCount,
    private: entry.isPrivate,
    searchable: entry.isSearchable,
    addedAt: Math.floor(entry.addedAt / 1000),
    lastSeedAt: Math.floor(entry.lastSeedAt / 1000),
    seeds: swarm?.seeds ?? 0,
    leeches: swarm?.leeches ?? 0,
  };
}

/** The files of a share as the API tells them, padding left out. */
export function filesJson({ files }: Metainfo): Record<string, unknown> {
  const real = files.filter(({ padding }) => !padding);
  return {
    files: real.slice(0, MAX_FILES_TOLD).map(({ path, length }) => ({ path, length })),
    filesComplete: real.length <= MAX_FILES_TOLD,
  };
}

function searchedNames({ files }: Metainfo): string {
  let names = "";
  for (const { path } of files) {
    if (names.length >= MAX_SEARCHED_NAMES) break;
    names += `${path.join("/").toLowerCase()}\n`;
  }
  return names.slice(0, MAX_SEARCHED_NAMES);
}
