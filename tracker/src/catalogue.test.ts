import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InfoHash } from "@shoal/peer-core/announce";
import { afterEach, describe, expect, test } from "vitest";
import type { Catalogue, CatalogueEntry } from "./catalogue.js";
import { SEED_SEEN_GRAIN_MS } from "./limits.js";
import { LmdbCatalogue } from "./lmdb-catalogue.js";
import { MemoryCatalogue } from "./memory-catalogue.js";

const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "catalogue-"));
  cleanUps.push(() => rm(made, { recursive: true }));
  return made;
}

function hash(id: number): InfoHash {
  return id.toString(16).padStart(40, "0") as InfoHash;
}

function entry(id: number, more: Partial<CatalogueEntry> = {}): CatalogueEntry {
  return {
    infoHash: hash(id),
    name: `Share ${id}`,
    size: 1000 + id,
    fileCount: 1,
    pieceLength: 32_768,
    pieceCount: 1,
    isPrivate: false,
    isSearchable: true,
    addedAt: id,
    lastSeedAt: id,
    fileNames: "",
    ...more,
  };
}

const content = { infoBytes: Uint8Array.of(1, 2, 3), ownerDigest: "ab".repeat(32) };
const everything = { words: [], name: undefined, cursor: undefined, limit: 50 };

const adapters: [string, (maxEntries: number) => Promise<Catalogue>][] = [
  ["memory", (maxEntries) => Promise.resolve(new MemoryCatalogue(maxEntries))],
  ["LMDB", async (maxEntries) => new LmdbCatalogue(await folder(), maxEntries)],
];

describe.each(adapters)("the catalogue in %s", (_name, make) => {
  async function catalogueWith(entries: readonly CatalogueEntry[], maxEntries = 1000): Promise<Catalogue> {
    const catalogue = await make(maxEntries);
    cleanUps.push(() => catalogue.close());
    for (const one of entries) expect(await catalogue.add(one, content)).toBe("added");
    return catalogue;
  }

  async function found(catalogue: Catalogue, query: Partial<typeof everything> | { name: string }): Promise<string[]> {
    return (await catalogue.search({ ...everything, ...query })).entries.map(({ name }) => name);
  }

  test("gives back what was added, once", async () => {
    const catalogue = await catalogueWith([entry(1)]);
    expect(await catalogue.add(entry(1, { name: "other" }), content)).toBe("exists");
    expect(await catalogue.find(hash(1))).toEqual(entry(1));
    const { infoBytes, ownerDigest } = (await catalogue.content(hash(1)))!;
    expect([Uint8Array.from(infoBytes), ownerDigest]).toEqual([content.infoBytes, content.ownerDigest]);
    expect(await catalogue.find(hash(2))).toBeUndefined();
    expect(await catalogue.content(hash(2))).toBeUndefined();
    expect([...catalogue.infoHashes()]).toEqual([hash(1)]);
  });

  test("adds a share once however many add it at once", async () => {
    const catalogue = await catalogueWith([]);
    const outcomes = await Promise.all([1, 2, 3].map(() => catalogue.add(entry(1), content)));
    expect(outcomes.sort()).toEqual(["added", "exists", "exists"]);
    expect(catalogue.count).toBe(1);
  });

  test("is full at its limit, and has room again after a removal", async () => {
    const catalogue = await catalogueWith([entry(1), entry(2)], 2);
    expect(await catalogue.add(entry(3), content)).toBe("full");
    expect(await catalogue.remove(hash(1))).toBe(true);
    expect(await catalogue.remove(hash(1))).toBe(false);
    expect(await catalogue.add(entry(3), content)).toBe("added");
    expect(await catalogue.content(hash(1))).toBeUndefined();
  });

  test("lists the newest first and page by page, whatever is added and removed in between", async () => {
    const catalogue = await catalogueWith([1, 2, 3, 4, 5].map((id) => entry(id)));
    const first = await catalogue.search({ ...everything, limit: 2 });
    expect(first.entries.map(({ name }) => name)).toEqual(["Share 5", "Share 4"]);
    await catalogue.add(entry(6), content);
    await catalogue.remove(hash(4));
    const second = await catalogue.search({ ...everything, limit: 2, cursor: first.cursor });
    expect(second.entries.map(({ name }) => name)).toEqual(["Share 3", "Share 2"]);
    const third = await catalogue.search({ ...everything, limit: 2, cursor: second.cursor });
    expect(third).toEqual({ entries: [entry(1)], cursor: undefined });
  });

  test("finds all words in any case, in names of shares and files, and never what is not searchable", async () => {
    const catalogue = await catalogueWith([
      entry(1, { name: "Holiday in Graz" }),
      entry(2, { name: "Other", fileNames: "graz/holiday.jpg" }),
      entry(3, { name: "holiday" }),
      entry(4, { name: "Holiday in Graz", isSearchable: false }),
    ]);
    expect(await found(catalogue, { words: ["graz", "holiday"] as never[] })).toEqual(["Other", "Holiday in Graz"]);
    expect(await found(catalogue, { name: "holiday" })).toEqual(["holiday"]);
    expect(await found(catalogue, { name: "Holiday" })).toEqual([]);
    expect(await found(catalogue, {})).toHaveLength(3);
  });

  test("takes a cursor that is none for the first page", async () => {
    const catalogue = await catalogueWith([entry(1)]);
    const odd = { ...everything, cursor: "!" };
    expect((await catalogue.search(odd)).entries).toHaveLength(1);
  });

  test("expires what has had no seed for too long", async () => {
    const catalogue = await catalogueWith([entry(1), entry(2)]);
    await catalogue.seedSeen(hash(1), SEED_SEEN_GRAIN_MS + 1);
    expect(await catalogue.expire(3)).toBe(1);
    expect([...catalogue.infoHashes()]).toEqual([hash(1)]);
    expect((await catalogue.find(hash(1)))?.lastSeedAt).toBe(SEED_SEEN_GRAIN_MS + 1);
  });
});

describe("the catalogue on disk", () => {
  test("is the same after closing and opening again, cursors included", async () => {
    const path = await folder();
    const before = new LmdbCatalogue(path);
    for (const id of [3, 1, 2]) await before.add(entry(id), content);
    const { cursor } = await before.search({ ...everything, limit: 1 });
    await before.close();
    const after = new LmdbCatalogue(path);
    cleanUps.push(() => after.close());
    const page = await after.search({ ...everything, cursor });
    expect(page.entries.map(({ name }) => name)).toEqual(["Share 1", "Share 3"]);
    await after.add(entry(4), content);
    expect((await after.search({ ...everything, limit: 1 })).entries).toEqual([entry(4)]);
  });

  test("says what is wrong with a folder that it cannot use", async () => {
    const path = join(await folder(), "file");
    await writeFile(path, "");
    expect(() => new LmdbCatalogue(path)).toThrow(/Cannot use .*file for the catalogue/);
  });
});
