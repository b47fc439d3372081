import { execFileSync } from "node:child_process";
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isShoalError, type ErrorCode } from "@shoal/peer-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HashMemory } from "./hash-memory.js";
import { hashSource } from "./hash-source.js";
import { scanSource, type ScannedSource } from "./scan-source.js";
import { SeedStore } from "./seed-store.js";
import { fixtureBytes, fixtureHasher, FIXTURE_PIECE } from "./share-fixture.js";

let directory: string;
let sources: ScannedSource[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "shoal-scan-"));
  sources = [];
});

afterEach(async () => {
  for (const source of sources) await source.close();
  await rm(directory, { recursive: true, force: true });
});

async function scan(path: string): Promise<ScannedSource> {
  const source = await scanSource(path);
  sources.push(source);
  return source;
}

async function expectRejection(promise: Promise<unknown>, code: ErrorCode, text = ""): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isShoalError(error, code) ? code : error).toBe(code);
  expect(String(error)).toContain(text);
}

async function put(path: string, bytes: Uint8Array | string): Promise<string> {
  const absolute = join(directory, path);
  await mkdir(join(absolute, ".."), { recursive: true });
  await writeFile(absolute, bytes);
  return absolute;
}

function makeFifo(path: string): void {
  execFileSync("sh", ["-c", 'mkfifo "$1"', "sh", path]);
}

/** Permissions do not hold root back. */
async function withoutPrivileges(work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

const pathsOf = (source: ScannedSource): string[] => source.files.map((file) => file.path.join("/"));

describe("scanning a source", () => {
  it("takes a file as a share of one file", async () => {
    const source = await scan(await put("film.bin", "12345"));
    expect(source).toMatchObject({ name: "film.bin", isMultiFile: false, length: 5, warnings: [] });
    expect(pathsOf(source)).toEqual(["film.bin"]);
    const into = new Uint8Array(10);
    expect(await source.files[0]?.read(2, into)).toBe(3);
    expect(Buffer.from(into.subarray(0, 3)).toString()).toBe("345");
  });

  it("takes a folder with its files in the order of their UTF-8 bytes, empty ones too", async () => {
    // U+FFEE comes after U+1F41F in UTF-16 and before it in UTF-8.
    for (const path of ["\u{1F41F}", "\uFFEE", "b/c", "b.c", "b/a", "z/zero"])
      await put(`album/${path}`, path === "z/zero" ? "" : path);
    await mkdir(join(directory, "album/empty"));
    const source = await scan(join(directory, "album"));
    expect(pathsOf(source)).toEqual(["b.c", "b/a", "b/c", "z/zero", "\uFFEE", "\u{1F41F}"]);
    expect(source).toMatchObject({ name: "album", isMultiFile: true });
  });

  it("follows links to files inside and leaves everything else out with a warning", async () => {
    await put("album/real", "real");
    await put("outside", "secret");
    const links = { inside: "real", out: "../outside", loop: ".", nowhere: "missing", self: "self" };
    for (const [name, target] of Object.entries(links)) await symlink(target, join(directory, "album", name));
    makeFifo(join(directory, "album/fifo"));
    await put("album/.shoal-x.state", "ours");
    const source = await scan(join(directory, "album"));
    expect(pathsOf(source)).toEqual(["inside", "real"]);
    const warnings = source.warnings.join("\n");
    for (const name of ["out", "loop", "nowhere", "self", "fifo", ".shoal-x.state"]) expect(warnings).toContain(name);
    expect(warnings).not.toContain("secret");
  });

  it("follows a link that is itself what is shared, under the link's name", async () => {
    await put("real/a", "a");
    await symlink("real", join(directory, "link"));
    const source = await scan(join(directory, "link"));
    expect(source.name).toBe("link");
    expect(pathsOf(source)).toEqual(["a"]);
  });

  it("names a share given as a dot by its folder", async () => {
    await put("album/a", "a");
    expect((await scan(join(directory, "album", "b", ".."))).name).toBe("album");
    expect((await scan(join(directory, "album") + "/./")).name).toBe("album");
  });

  it("says what is wrong with a source that cannot be shared", async () => {
    await expectRejection(scan(join(directory, "missing")), "source", "does not exist");
    await mkdir(join(directory, "hollow/inner"), { recursive: true });
    await expectRejection(scan(join(directory, "hollow")), "source", "holds no files");
    makeFifo(join(directory, "fifo"));
    await expectRejection(scan(join(directory, "fifo")), "source", "neither a file nor a folder");
    await put("file", "x");
    await expectRejection(scan(join(directory, "file/below")), "source", "not a folder");
  });

  it("refuses names that are not UTF-8 instead of changing them", async () => {
    await mkdir(join(directory, "album"));
    await writeFile(Buffer.concat([Buffer.from(`${directory}/album/caf`), Buffer.from([0xe9])]), "x");
    await expectRejection(scan(join(directory, "album")), "source", "not valid UTF-8");
  });

  it("warns of names that other systems cannot take, escaping them", async () => {
    for (const name of ["con", "a:b", "README", "readme", "evil\u202e", "new\nline"]) await put(`album/${name}`, name);
    const warnings = (await scan(join(directory, "album"))).warnings.join("\n");
    expect(warnings).toContain("README, readme");
    expect(warnings).toContain("Nobody can download");
    expect(warnings).not.toContain("new\nline");
  });

  it("names a file or folder that may not be read", async () => {
    await put("album/closed", "x");
    await put("other/locked/file", "x");
    await chmod(directory, 0o755);
    await chmod(join(directory, "album/closed"), 0);
    await chmod(join(directory, "other/locked"), 0);
    await withoutPrivileges(async () => {
      await expectRejection(scan(join(directory, "album")), "source", "closed: permission denied");
      await expectRejection(scan(join(directory, "album/closed")), "source", "closed: permission denied");
      await expectRejection(scan(join(directory, "other")), "source", "locked: permission denied");
    });
    await chmod(join(directory, "other/locked"), 0o755);
  });
});

describe("hashing a source", () => {
  it("notices a file that changes while it is hashed", async () => {
    const path = await put("film.bin", fixtureBytes(10 * FIXTURE_PIECE, 1));
    const source = await scan(path);
    let isChanged = false;
    const hasher = {
      sha1: async (bytes: Uint8Array) => {
        if (bytes.length === FIXTURE_PIECE && !isChanged) {
          isChanged = true;
          await appendFile(path, "more");
        }
        return fixtureHasher.sha1(bytes);
      },
    };
    await expectRejection(hashSource(source, { hasher, pieceLength: FIXTURE_PIECE }), "source-changed", "film.bin");
  });

  it("notices a file that is gone, or has become shorter", async () => {
    const source = await scan(await put("a", "12345"));
    await truncate(join(directory, "a"), 2);
    await expectRejection(hashSource(source, { hasher: fixtureHasher }), "source-changed", "has 2 bytes instead of 5");
    const other = await scan(await put("b", "12345"));
    await rm(join(directory, "b"));
    await expectRejection(hashSource(other, { hasher: fixtureHasher }), "source-changed", "gone");
  });
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
    const source = await scan(path);
    const memory = new HashMemory(join(directory, "memory"));
    const metainfo = await hashSource(source, { hasher, memory, ...options });
    expect(metainfo.name).toBe(source.name);
    return hashes;
  }

  async function putOld(path: string, bytes: Uint8Array): Promise<string> {
    const absolute = await put(path, bytes);
    await utimes(absolute, longAgo, longAgo);
    return absolute;
  }

  it("saves hashing what has not changed, and nothing else", async () => {
    const path = await putOld("album/a", fixtureBytes(1000, 1));
    const album = join(directory, "album");
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
    const path = await put("fresh", fixtureBytes(1000, 1));
    expect(await hashAnew(path)).toBe(1);
    expect(await hashAnew(path)).toBe(1);
  });

  it("takes a file that was replaced by one of the same size and time for another", async () => {
    const path = await putOld("film", fixtureBytes(1000, 1));
    await hashAnew(path);
    await putOld("other", fixtureBytes(1000, 2));
    await rename(join(directory, "other"), path);
    expect(await hashAnew(path)).toBe(1);
  });

  it("ignores damaged records", async () => {
    const path = await putOld("film", fixtureBytes(1000, 1));
    await hashAnew(path);
    const [record] = await readdir(join(directory, "memory"));
    const recordPath = join(directory, "memory", record ?? "");
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
    const memory = join(directory, "memory");
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
    const source = await scan(path);
    const memory = new HashMemory(join(path, "not-a-folder"));
    await expect(hashSource(source, { hasher, memory })).resolves.toMatchObject({ name: "film" });
  });
});

describe("seeding in place", () => {
  async function seed(path: string): Promise<{ store: SeedStore; content: Uint8Array }> {
    const source = await scan(path);
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
    await put("album/a", fixtureBytes(1000, 1));
    await put("album/b", "");
    await put("album/c", fixtureBytes(FIXTURE_PIECE, 2));
    const { store, content } = await seed(join(directory, "album"));
    expect([...store.present()]).toEqual([1, 1]);
    const into = new Uint8Array(5000);
    await store.read(first, 500, into);
    expect(Buffer.compare(into, content.subarray(500, 5500))).toBe(0);
    await store.close();
  });

  it("never gives out bytes of a file that was written to", async () => {
    const path = await put("film", fixtureBytes(1000, 1));
    const { store } = await seed(path);
    await store.read(first, 0, new Uint8Array(1000));
    await utimes(path, new Date(), new Date(Date.now() + 5000));
    await expectRejection(store.read(first, 0, new Uint8Array(10)), "source-changed", "film");
    await store.close();
  });

  it("covers every read by a look that began after it, however many there are at once", async () => {
    const path = await put("film", fixtureBytes(4 * FIXTURE_PIECE, 1));
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
    const path = await put("film", fixtureBytes(3 * FIXTURE_PIECE, 1));
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
    const path = await put("film", fixtureBytes(1000, 1));
    const { store } = await seed(path);
    await truncate(path, 10);
    await expectRejection(store.read(first, 500, new Uint8Array(10)), "source-changed");
    await store.close();
  });

  it("serves a removed piece no more and leaves the file alone", async () => {
    const path = await put("film", fixtureBytes(1000, 1));
    const { store } = await seed(path);
    await store.remove(first);
    expect([...store.present()]).toEqual([0]);
    await expectRejection(store.read(first, 0, new Uint8Array(1)), "source-changed");
    await expectRejection(store.write(), "source");
    await store.close();
    expect((await scan(path)).length).toBe(1000);
  });

  it("is not made of files other than those hashed", async () => {
    const source = await scan(await put("film", fixtureBytes(1000, 1)));
    const metainfo = await hashSource(source, { hasher: fixtureHasher });
    const other = await scan(await put("other/film", fixtureBytes(999, 1)));
    expect(() => new SeedStore({ metainfo, source: other, hasher: fixtureHasher })).toThrow(
      "not the file that was hashed",
    );
  });
});
