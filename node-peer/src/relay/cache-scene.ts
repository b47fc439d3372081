import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PieceStore } from "@shoal/peer-core";
import { fixtureHasher, pieceBytes, type ShareFixture } from "../storage/share-fixture.js";
import { openFsPieceCache, type FsPieceCache, type FsPieceCacheOptions } from "./fs-piece-cache.js";

/** Room for everything that a test keeps. */
export const ROOMY = 1024 ** 3;

/** A cache in a folder of its own, which can be started again; its clock goes on by a second each time it is asked. */
export class CacheScene {
  readonly directory: string;
  #cache: FsPieceCache | undefined;
  #now = Date.now();

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async open(): Promise<CacheScene> {
    return new CacheScene(join(await mkdtemp(join(tmpdir(), "shoal-cache-")), "cache"));
  }

  get cache(): FsPieceCache {
    if (this.#cache === undefined) throw new Error("The cache has not been started");
    return this.#cache;
  }

  /** The cache as it is after a start. */
  async start(options: Partial<FsPieceCacheOptions> = {}): Promise<FsPieceCache> {
    this.#cache = await openFsPieceCache({
      directory: this.directory,
      quotaBytes: ROOMY,
      hasher: fixtureHasher,
      now: () => (this.#now += 1_000),
      ...options,
    });
    return this.#cache;
  }

  async restart(options: Partial<FsPieceCacheOptions> = {}): Promise<FsPieceCache> {
    await this.cache.close();
    return await this.start(options);
  }

  /** Stores pieces of a share and leaves it. */
  async keep(share: ShareFixture, pieces: readonly number[]): Promise<void> {
    const store = await this.cache.open(share.metainfo);
    for (const piece of pieces) await store.write(share.metainfo.geometry.pieceIndex(piece), pieceBytes(share, piece));
    await store.close();
  }

  /** Rejects when a piece cannot be read, or is not what it was. */
  async readBack(store: PieceStore, share: ShareFixture, piece: number): Promise<void> {
    const expected = pieceBytes(share, piece);
    const into = new Uint8Array(expected.length);
    await store.read(share.metainfo.geometry.pieceIndex(piece), 0, into);
    if (Buffer.compare(into, expected) !== 0) throw new Error(`Piece ${piece} is not what it was`);
  }

  /** Which pieces are there, by a look at the share. */
  async held(share: ShareFixture): Promise<string> {
    const store = await this.cache.open(share.metainfo);
    const present = [...store.present()].map((each) => (each === 1 ? "x" : ".")).join("");
    await store.close();
    return present;
  }

  async close(): Promise<void> {
    await this.cache.close();
    await rm(join(this.directory, ".."), { recursive: true, force: true });
  }
}

export function infoBytesOf({ metainfo }: ShareFixture): number {
  return metainfo.infoBytes.length;
}
