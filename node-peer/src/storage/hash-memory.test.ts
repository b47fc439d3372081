import { mkdir, readFile, readdir, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HashMemory } from "./hash-memory.js";
import { hashSource } from "./hash-source.js";
import { fixtureBytes, fixtureHasher } from "./share-fixture.js";
import { SourceScene } from "./source-scene.js";

let scene: SourceScene;

beforeEach(async () => {
  scene = await SourceScene.open();
});

afterEach(async () => {
  await scene.close();
});

describe("the memory of hashes", () => {
  const longAgo = new Date("2020-01-01T00:00:00.123Z");
  let hashes: number;
  const hasher = {
    sha1: (bytes: Uint8Array) => {
      if (bytes.length >= 1000) hashes++;
      return fixtureHasher.sha1(bytes);
    },
  };

  async function hashAnew(path: string, options: { pieceLength?: number } = {}): Promise<number> {
    hashes = 0;
    const source = await scene.scan(path);
    const memory = new HashMemory(join(scene.directory, "memory"));
    const metainfo = await hashSource(source, { hasher, memory, ...options });
    expect(metainfo.name).toBe(source.name);
    return hashes;
  }

  async function putOld(path: string, bytes: Uint8Array): Promise<string> {
    const absolute = await scene.put(path, bytes);
    await utimes(absolute, longAgo, longAgo);
    return absolute;
  }

  it("saves hashing what has not changed, and nothing else", async () => {
    const path = await putOld("album/a", fixtureBytes(1000, 1));
    const album = join(scene.directory, "album");
    expect(await hashAnew(album)).toBe(1);
    expect(await hashAnew(album)).toBe(0);
    expect(await hashAnew(path)).toBe(1);
    expect(await hashAnew(album, { pieceLength: 65536 })).toBe(1);
    await utimes(path, longAgo, new Date("2020-01-02"));
    expect(await hashAnew(album)).toBe(1);
    await putOld("album/b", fixtureBytes(0, 1));
    expect(await hashAnew(album)).toBe(1);
    await rename(join(album, "b"), join(album, "c"));
    expect(await hashAnew(album)).toBe(1);
    expect(await hashAnew(album)).toBe(0);
  });

  it("does not trust the time of a file that was written just before", async () => {
    const path = await scene.put("fresh", fixtureBytes(1000, 1));
    expect(await hashAnew(path)).toBe(1);
    expect(await hashAnew(path)).toBe(1);
  });

  it("takes a file that was replaced by one of the same size and time for another", async () => {
    const path = await putOld("film", fixtureBytes(1000, 1));
    await hashAnew(path);
    await putOld("other", fixtureBytes(1000, 2));
    await rename(join(scene.directory, "other"), path);
    expect(await hashAnew(path)).toBe(1);
  });

  it("ignores damaged records", async () => {
    const path = await putOld("film", fixtureBytes(1000, 1));
    await hashAnew(path);
    const [record] = await readdir(join(scene.directory, "memory"));
    const recordPath = join(scene.directory, "memory", record ?? "");
    const good = await readFile(recordPath);
    for (const at of [0, 5, 20, 45, good.length - 1]) {
      const damaged = Buffer.from(good);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      await writeFile(recordPath, damaged);
      expect(await hashAnew(path)).toBe(1);
    }
    await writeFile(recordPath, good.subarray(0, 30));
    expect(await hashAnew(path)).toBe(1);
    expect(await hashAnew(path)).toBe(0);
  });

  it("forgets the shares used longest ago when there are too many, and nobody else's files", async () => {
    const memory = join(scene.directory, "memory");
    await mkdir(memory);
    for (let at = 0; at < 1005; at++) {
      const record = join(memory, at.toString(16).padStart(64, "0"));
      await writeFile(record, "x");
      await utimes(record, longAgo, new Date(longAgo.getTime() + 1000 * at));
    }
    await writeFile(join(memory, "somebody else's"), "x");
    await hashAnew(await putOld("film", fixtureBytes(1000, 1)));
    const names = await readdir(memory);
    expect(names).toHaveLength(1001);
    expect(names).toContain("somebody else's");
    expect(names).not.toContain("5".padStart(64, "0"));
    expect(names).toContain("6".padStart(64, "0"));
  });

  it("is used by several at once, and does without a folder it cannot make", async () => {
    const path = await putOld("film", fixtureBytes(1000, 1));
    await Promise.all(Array.from({ length: 8 }, () => hashAnew(path)));
    expect(await hashAnew(path)).toBe(0);
    const source = await scene.scan(path);
    const memory = new HashMemory(join(path, "not-a-folder"));
    await expect(hashSource(source, { hasher, memory })).resolves.toMatchObject({ name: "film" });
  });
});
