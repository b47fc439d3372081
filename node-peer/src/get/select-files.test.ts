import { createHash } from "node:crypto";
import { encodeBencode, parseInfo, type Metainfo } from "@shoal/peer-core/torrent";
import { beforeAll, describe, expect, it } from "vitest";
import { UsageError } from "../usage-error.js";
import { selectFiles } from "./select-files.js";

const PATHS = ["a.flac", "b.txt", "cd1/c.flac", "cd1/d, e.txt", "cd2/deep/f.flac", "cd2/g+(1).txt"];
let album: Metainfo;

beforeAll(async () => {
  const files = PATHS.map(
    (path) =>
      new Map<string, number | string[]>([
        ["length", 1],
        ["path", path.split("/")],
      ]),
  );
  const info = encodeBencode(
    new Map<string, unknown>([
      ["name", "album"],
      ["piece length", 32_768],
      ["pieces", new Uint8Array(20)],
      ["files", files],
    ]) as never,
  );
  album = await parseInfo(info, { sha1: (bytes) => Promise.resolve(createHash("sha1").update(bytes).digest()) });
});

describe("--select", () => {
  it.each([
    ["0", [0]],
    ["1,3-4", [1, 3, 4]],
    ["4-", [4, 5]],
    ["*.flac", [0, 2, 4]],
    ["cd1", [2, 3]],
    ["cd1/", [2, 3]],
    ["./cd1/c.flac", [2]],
    ["album/cd2", [4, 5]],
    ["cd2/*", [4, 5]],
    ["cd2/*.flac", []],
    ["cd2/**/*.flac", [4]],
    ["**/*.txt", [1, 3, 5]],
    ["cd1/d, e.txt", [3]],
    ["b.txt,cd2", [1, 4, 5]],
    ["?.txt", [1]],
    ["g+(1).txt", [5]],
  ])("takes %s", (text, expected) => {
    if (expected.length === 0) expect(() => selectFiles([text], album)).toThrow(UsageError);
    else expect(selectFiles([text], album)).toEqual(expected);
  });

  it.each(["6", "2-9", "5-2", "nothing", "0,nothing", ""])("refuses %j, which matches nothing", (text) => {
    expect(() => selectFiles([text], album)).toThrow(UsageError);
  });

  it("joins several values", () => {
    expect(selectFiles(["5", "a.flac", "0-1"], album)).toEqual([0, 1, 5]);
  });
});
