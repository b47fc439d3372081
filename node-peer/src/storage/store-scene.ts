import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FsPieceStore } from "./fs-piece-store.js";
import { openFsPieceStore, type FsPieceStoreOptions } from "./open-fs-piece-store.js";
import { pieceBytes, type ShareFixture } from "./share-fixture.js";

/** Downloads of a test, in a folder of its own. */
export class StoreScene {
  readonly directory: string;
  readonly #stores: FsPieceStore[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async open(): Promise<StoreScene> {
    return new StoreScene(await mkdtemp(join(tmpdir(), "shoal-store-")));
  }

  /** Opens a share's download in the folder, as the product does; it need not be closed. */
  async store(of: ShareFixture, options: Partial<FsPieceStoreOptions> = {}): Promise<FsPieceStore> {
    const store = await openFsPieceStore({ metainfo: of.metainfo, directory: this.directory, ...options });
    this.#stores.push(store);
    return store;
  }

  async close(): Promise<void> {
    for (const store of this.#stores) await store.close().catch(() => undefined);
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Writes pieces as they should be. */
export async function writePieces(store: FsPieceStore, of: ShareFixture, pieces: Iterable<number>): Promise<void> {
  for (const index of pieces) await store.write(of.metainfo.geometry.pieceIndex(index), pieceBytes(of, index));
}
