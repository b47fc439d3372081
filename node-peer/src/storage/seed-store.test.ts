import { truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expectRejection } from "@shoal/peer-core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hashSource } from "./hash-source.js";
import { SeedStore } from "./seed-store.js";
import { fixtureBytes, fixtureHasher, FIXTURE_PIECE } from "./share-fixture.js";
import { SourceScene } from "./source-scene.js";

let scene: SourceScene;

beforeEach(async () => {
  scene = await SourceScene.open();
});

afterEach(async () => {
  await scene.close();
});

describe("seeding in place", () => {
  async function seed(path: string): Promise<{ store: SeedStore; content: Uint8Array }> {
    const source = await scene.scan(path);
    const metainfo = await hashSource(source, { hasher: fixtureHasher, pieceLength: FIXTURE_PIECE });
    const content = new Uint8Array(metainfo.length);
    for (const [at, file] of source.files.entries()) {
      const offset = metainfo.files[at]?.offset ?? 0;
      await file.read(0, content.subarray(offset, offset + file.length));
    }
    return { store: new SeedStore({ metainfo, source, hasher: fixtureHasher }), content };
  }

  const first = 0 as Parameters<SeedStore["read"]>[0];

  it("reads blocks across file borders", async () => {
    await scene.put("album/a", fixtureBytes(1000, 1));
    await scene.put("album/b", "");
    await scene.put("album/c", fixtureBytes(FIXTURE_PIECE, 2));
    const { store, content } = await seed(join(scene.directory, "album"));
    expect([...store.present()]).toEqual([1, 1]);
    const into = new Uint8Array(5000);
    await store.read(first, 500, into);
    expect(Buffer.compare(into, content.subarray(500, 5500))).toBe(0);
    await store.close();
  });

  it("never gives out bytes of a file that was written to", async () => {
    const path = await scene.put("film", fixtureBytes(1000, 1));
    const { store } = await seed(path);
    await store.read(first, 0, new Uint8Array(1000));
    await utimes(path, new Date(), new Date(Date.now() + 5000));
    await expectRejection(store.read(first, 0, new Uint8Array(10)), "source-changed", "film");
    await store.close();
  });

  it("covers every read by a look that began after it, however many there are at once", async () => {
    const path = await scene.put("film", fixtureBytes(4 * FIXTURE_PIECE, 1));
    const { store, content } = await seed(path);
    const readOne = async (at: number) => {
      const into = new Uint8Array(100);
      await store.read(first, at * 100, into);
      expect(into).toEqual(content.subarray(at * 100, at * 100 + 100));
    };
    const reads = Array.from({ length: 200 }, (_, at) => readOne(at));
    const written = writeFile(path, fixtureBytes(4 * FIXTURE_PIECE, 2));
    const outcomes = await Promise.allSettled([...reads, written.then(() => readOne(0))]);
    // Whatever was read of the new bytes was refused.
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "source-changed" });
    expect(outcomes.at(-1)?.status).toBe("rejected");
    await store.close();
  });

  it("serves no rotten piece once one was found, though nothing about the file tells", async () => {
    const path = await scene.put("film", fixtureBytes(3 * FIXTURE_PIECE, 1));
    const hashedAt = new Date("2020-01-01T00:00:00Z");
    await utimes(path, hashedAt, hashedAt);
    const { store, content } = await seed(path);
    const rotten = content.slice();
    rotten[FIXTURE_PIECE] = (rotten[FIXTURE_PIECE] ?? 0) ^ 1;
    await writeFile(path, rotten);
    await utimes(path, hashedAt, hashedAt);
    const second = 1 as typeof first;
    store.distrust();
    await expectRejection(store.read(second, 100, new Uint8Array(10)), "disk", "Piece 1");
    const into = new Uint8Array(10);
    await Promise.all([store.read(first, 5, into), store.read(first, 5, into)]);
    expect(into).toEqual(content.subarray(5, 15));
    await store.close();
  });

  it("notices a file that was cut short or replaced", async () => {
    const path = await scene.put("film", fixtureBytes(1000, 1));
    const { store } = await seed(path);
    await truncate(path, 10);
    await expectRejection(store.read(first, 500, new Uint8Array(10)), "source-changed");
    await store.close();
  });

  it("serves a removed piece no more and leaves the file alone", async () => {
    const path = await scene.put("film", fixtureBytes(1000, 1));
    const { store } = await seed(path);
    await store.remove(first);
    expect([...store.present()]).toEqual([0]);
    await expectRejection(store.read(first, 0, new Uint8Array(1)), "source-changed");
    await expectRejection(store.write(), "source");
    await store.close();
    expect((await scene.scan(path)).length).toBe(1000);
  });

  it("is not made of files other than those hashed", async () => {
    const source = await scene.scan(await scene.put("film", fixtureBytes(1000, 1)));
    const metainfo = await hashSource(source, { hasher: fixtureHasher });
    const other = await scene.scan(await scene.put("other/film", fixtureBytes(999, 1)));
    expect(() => new SeedStore({ metainfo, source: other, hasher: fixtureHasher })).toThrow(
      "not the file that was hashed",
    );
  });
});
