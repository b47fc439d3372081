import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeBencode, HASH_BYTES, parseInfo, type Geometry, type Metainfo } from "@shoal/peer-core/torrent";
import { describePieceStore, type PieceStorage } from "@shoal/peer-core/testing";
import { openFsPieceStore } from "./open-fs-piece-store.js";
import { fixtureHasher } from "./share-fixture.js";

/** A metainfo of the contract's shape; its hashes are of nothing, as storage never looks at them. */
async function metainfoOf(geometry: Geometry, lengths?: readonly number[]): Promise<Metainfo> {
  const content =
    lengths === undefined
      ? { length: geometry.length }
      : {
          files: lengths.map(
            (length, at) =>
              new Map<string, number | string[]>([
                ["length", length],
                ["path", [`folder ${at % 2}`, `file ${at}`]],
              ]),
          ),
        };
  const info = new Map(
    Object.entries({
      ...content,
      name: "contract",
      "piece length": geometry.pieceLength,
      pieces: new Uint8Array(HASH_BYTES * geometry.pieceCount),
    }),
  );
  return parseInfo(encodeBencode(info), fixtureHasher);
}

async function storageOf(metainfo: Metainfo, selected?: ReadonlySet<number>): Promise<PieceStorage> {
  const directory = await mkdtemp(join(tmpdir(), "shoal-contract-"));
  return {
    open: () => openFsPieceStore({ metainfo, directory, selected }),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
}

/** File borders in the middle of pieces, at their edges, several in one piece, and empty files between. */
function lengthsFor(geometry: Geometry): number[] {
  const { pieceLength, length } = geometry;
  const head = [100, 0, pieceLength - 100, 7, 0, 3 * pieceLength - 10];
  return [...head, length - head.reduce((sum, part) => sum + part, 0), 0];
}

describePieceStore("a file on disk", async (geometry) => storageOf(await metainfoOf(geometry)));

describePieceStore("a folder on disk", async (geometry) => storageOf(await metainfoOf(geometry, lengthsFor(geometry))));

describePieceStore("a folder of which two files were chosen", async (geometry) =>
  storageOf(await metainfoOf(geometry, lengthsFor(geometry)), new Set([0, 3])),
);
