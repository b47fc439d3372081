import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { completeLine, type CompletionSources } from "./command-completer.js";

const sources: CompletionSources = {
  commands: ["upload", "download", "list"],
  shareNames: () => Promise.resolve(["song one.flac", "song two.flac", "my song.flac"]),
  runningNames: () => ["film.mkv"],
};
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-complete-"));
  await mkdir(join(folder, "photos"));
  await writeFile(join(folder, "poem.txt"), "");
  await writeFile(join(folder, ".hidden"), "");
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("completion", () => {
  it("finds commands", async () => {
    expect(await completeLine("d", sources)).toEqual([["download "], "d"]);
    expect((await completeLine("", sources))[0]).toHaveLength(3);
  });

  it("finds names in the catalogue, spaces included", async () => {
    expect(await completeLine("download song t", sources)).toEqual([["song two.flac"], "song t"]);
  });

  it("finds local paths", async () => {
    expect(await completeLine(`upload ${folder}/p`, sources)).toEqual([
      [`${folder}/photos/`, `${folder}/poem.txt`],
      `${folder}/p`,
    ]);
    expect(await completeLine(`upload ${folder}/.h`, sources)).toEqual([[`${folder}/.hidden`], `${folder}/.h`]);
    expect(await completeLine("upload /no/such/folder/", sources)).toEqual([[], "/no/such/folder/"]);
  });

  it("finds what can be canceled, and nothing after other commands", async () => {
    expect(await completeLine("cancel f", sources)).toEqual([["film.mkv"], "f"]);
    expect(await completeLine("list s", sources)).toEqual([[], "s"]);
  });
});
