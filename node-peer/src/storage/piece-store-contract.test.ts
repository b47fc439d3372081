import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { encodeBencode, HASH_BYTES, parseInfo, type Geometry, type Metainfo } from "@shoal/peer-core/torrent";
import type { PieceStore } from "@shoal/peer-core";
import { describePieceStore, type PieceStorage } from "@shoal/peer-core/testing";
import { expect } from "vitest";
import { createHashThreads } from "../hashing/hash-threads.js";
import type { FsPieceStore } from "./fs-piece-store.js";
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

/** Every piece is offered through a thread that hashes and writes; what is stored is the same. */
describePieceStore("a folder on disk, written to by a thread", async (geometry) => {
  const metainfo = await metainfoOf(geometry, lengthsFor(geometry));
  const { hasher, checkedWriter } = createHashThreads();
  const bytes = new Uint8Array(new SharedArrayBuffer(8 * 1024 ** 2));
  while (!checkedWriter.takes(bytes)) {
    await hasher.sha1(bytes);
    await turn();
  }
  const directory = await mkdtemp(join(tmpdir(), "shoal-contract-"));
  const verifyPiece = () => Promise.resolve(true);
  return {
    open: async () => offering(await openFsPieceStore({ metainfo, directory, checkedWriter, verifyPiece })),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
});

function offering(store: FsPieceStore): PieceStore {
  return {
    present: () => store.present(),
    read: (piece, begin, into) => store.read(piece, begin, into),
    write: async (piece, data) => {
      const shared = new Uint8Array(new SharedArrayBuffer(data.length));
      shared.set(data);
      expect(await store.writeIfMatching?.(piece, shared, await fixtureHasher.sha1(data))).toBe(true);
    },
    flush: () => store.flush(),
    remove: (piece) => store.remove(piece),
    close: () => store.close(),
  };
}

describePieceStore("a folder of which two files were chosen", async (geometry) =>
  storageOf(await metainfoOf(geometry, lengthsFor(geometry)), new Set([0, 3])),
);
