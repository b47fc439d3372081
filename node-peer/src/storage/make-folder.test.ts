import { existsSync } from "node:fs";
import { mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder } from "./make-folder.js";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "shoal-make-folder-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe("makeFolder", () => {
  it("makes what is missing, from several sides at once, and takes what is there", async () => {
    const path = join(directory, "a", "b", "c");
    await Promise.all([makeFolder(path, 0o700), makeFolder(path, 0o700), makeFolder(join(directory, "a"), 0o700)]);
    await makeFolder(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it("takes a symbolic link that leads to a folder", async () => {
    await symlink(directory, join(directory, "link"));
    await makeFolder(join(directory, "link", "a"));
    expect(existsSync(join(directory, "a"))).toBe(true);
  });

  it("rejects where a file is in the way", async () => {
    await writeFile(join(directory, "file"), "");
    await expect(makeFolder(join(directory, "file"))).rejects.toMatchObject({ code: "EEXIST" });
    await expect(makeFolder(join(directory, "file", "a"))).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  it("rejects where nobody can make a folder", async () => {
    await expect(makeFolder("/proc/shoal/a")).rejects.toThrow();
  });
});
