import { execFileSync } from "node:child_process";
import { appendFile, chmod, mkdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expectRejection } from "@shoal/peer-core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hashSource } from "./hash-source.js";
import type { ScannedSource } from "./scan-source.js";
import { fixtureBytes, fixtureHasher, FIXTURE_PIECE } from "./share-fixture.js";
import { SourceScene } from "./source-scene.js";

let scene: SourceScene;

beforeEach(async () => {
  scene = await SourceScene.open();
});

afterEach(async () => {
  await scene.close();
});

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
    const source = await scene.scan(await scene.put("film.bin", "12345"));
    expect(source).toMatchObject({ name: "film.bin", isMultiFile: false, length: 5, warnings: [] });
    expect(pathsOf(source)).toEqual(["film.bin"]);
    const into = new Uint8Array(10);
    expect(await source.files[0]?.read(2, into)).toBe(3);
    expect(Buffer.from(into.subarray(0, 3)).toString()).toBe("345");
  });

  it("takes a folder with its files in the order of their UTF-8 bytes, empty ones too", async () => {
    // U+FFEE comes after U+1F41F in UTF-16 and before it in UTF-8.
    for (const path of ["\u{1F41F}", "\uFFEE", "b/c", "b.c", "b/a", "z/zero"])
      await scene.put(`album/${path}`, path === "z/zero" ? "" : path);
    await mkdir(join(scene.directory, "album/empty"));
    const source = await scene.scan(join(scene.directory, "album"));
    expect(pathsOf(source)).toEqual(["b.c", "b/a", "b/c", "z/zero", "\uFFEE", "\u{1F41F}"]);
    expect(source).toMatchObject({ name: "album", isMultiFile: true });
  });

  it("follows links to files inside and leaves everything else out with a warning", async () => {
    await scene.put("album/real", "real");
    await scene.put("outside", "secret");
    const links = { inside: "real", out: "../outside", loop: ".", nowhere: "missing", self: "self" };
    for (const [name, target] of Object.entries(links)) await symlink(target, join(scene.directory, "album", name));
    makeFifo(join(scene.directory, "album/fifo"));
    await scene.put("album/.shoal-x.state", "ours");
    const source = await scene.scan(join(scene.directory, "album"));
    expect(pathsOf(source)).toEqual(["inside", "real"]);
    const warnings = source.warnings.join("\n");
    for (const name of ["out", "loop", "nowhere", "self", "fifo", ".shoal-x.state"]) expect(warnings).toContain(name);
    expect(warnings).not.toContain("secret");
  });

  it("follows a link that is itself what is shared, under the link's name", async () => {
    await scene.put("real/a", "a");
    await symlink("real", join(scene.directory, "link"));
    const source = await scene.scan(join(scene.directory, "link"));
    expect(source.name).toBe("link");
    expect(pathsOf(source)).toEqual(["a"]);
  });

  it("names a share given as a dot by its folder", async () => {
    await scene.put("album/a", "a");
    expect((await scene.scan(join(scene.directory, "album", "b", ".."))).name).toBe("album");
    expect((await scene.scan(join(scene.directory, "album") + "/./")).name).toBe("album");
  });

  it("says what is wrong with a source that cannot be shared", async () => {
    await expectRejection(scene.scan(join(scene.directory, "missing")), "source", "does not exist");
    await mkdir(join(scene.directory, "hollow/inner"), { recursive: true });
    await expectRejection(scene.scan(join(scene.directory, "hollow")), "source", "holds no files");
    makeFifo(join(scene.directory, "fifo"));
    await expectRejection(scene.scan(join(scene.directory, "fifo")), "source", "neither a file nor a folder");
    await scene.put("file", "x");
    await expectRejection(scene.scan(join(scene.directory, "file/below")), "source", "not a folder");
  });

  it("refuses names that are not UTF-8 instead of changing them", async () => {
    await mkdir(join(scene.directory, "album"));
    await writeFile(Buffer.concat([Buffer.from(`${scene.directory}/album/caf`), Buffer.from([0xe9])]), "x");
    await expectRejection(scene.scan(join(scene.directory, "album")), "source", "not valid UTF-8");
  });

  it("warns of names that other systems cannot take, escaping them", async () => {
    for (const name of ["con", "a:b", "README", "readme", "evil\u202e", "new\nline"])
      await scene.put(`album/${name}`, name);
    const warnings = (await scene.scan(join(scene.directory, "album"))).warnings.join("\n");
    expect(warnings).toContain("README, readme");
    expect(warnings).toContain("Nobody can download");
    expect(warnings).not.toContain("new\nline");
  });

  it("names a file or folder that may not be read", async () => {
    await scene.put("album/closed", "x");
    await scene.put("other/locked/file", "x");
    await chmod(scene.directory, 0o755);
    await chmod(join(scene.directory, "album/closed"), 0);
    await chmod(join(scene.directory, "other/locked"), 0);
    await withoutPrivileges(async () => {
      await expectRejection(scene.scan(join(scene.directory, "album")), "source", "closed: permission denied");
      await expectRejection(scene.scan(join(scene.directory, "album/closed")), "source", "closed: permission denied");
      await expectRejection(scene.scan(join(scene.directory, "other")), "source", "locked: permission denied");
    });
    await chmod(join(scene.directory, "other/locked"), 0o755);
  });
});

describe("hashing a source", () => {
  it("notices a file that changes while it is hashed", async () => {
    const path = await scene.put("film.bin", fixtureBytes(10 * FIXTURE_PIECE, 1));
    const source = await scene.scan(path);
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
    const source = await scene.scan(await scene.put("a", "12345"));
    await truncate(join(scene.directory, "a"), 2);
    await expectRejection(hashSource(source, { hasher: fixtureHasher }), "source-changed", "has 2 bytes instead of 5");
    const other = await scene.scan(await scene.put("b", "12345"));
    await rm(join(scene.directory, "b"));
    await expectRejection(hashSource(other, { hasher: fixtureHasher }), "source-changed", "gone");
  });
});
