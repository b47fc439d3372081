import { describe, expect, it } from "vitest";
import { createMicrotaskHasher } from "../../testing/microtask-hasher.js";
import { dictFrom, encodeBencode } from "./bencode.js";
import { parseInfo } from "./metainfo.js";
import { assertDistinctPaths, assertSafeNames } from "./safe-paths.js";

const unsafe = expect.objectContaining({ name: "ShoalError", code: "unsafe-name" }) as Error;

/** A share of empty files, given as paths with slashes; a leading `=` makes a padding file. */
function share(name: string, ...paths: string[]) {
  const files = paths.map((path) => {
    const attr = path.startsWith("=") ? "p" : undefined;
    return dictFrom({ attr, length: 0, path: path.replace("=", "").split("/") });
  });
  const info = encodeBencode(dictFrom({ files, name, "piece length": 32768, pieces: "" }));
  return parseInfo(info, createMicrotaskHasher());
}

describe("assertSafeNames", () => {
  it("accepts ordinary files and folders", async () => {
    const metainfo = await share("root", "a", "b/a", "b/c/a", "A");
    expect(() => assertSafeNames(metainfo, "posix")).not.toThrow();
  });

  it.each([
    ["an unsafe root", ["..", "a"]],
    ["an unsafe folder", ["root", "../a"]],
    ["an unsafe file", ["root", "b/.."]],
    ["two files of one path", ["root", "a/b", "c", "a/b"]],
    ["a file that is a folder before", ["root", "a/b", "a"]],
    ["a file that is a folder afterwards", ["root", "a", "a/b/c"]],
  ])("rejects %s", async (_, [name, ...paths]) => {
    const metainfo = await share(name ?? "", ...paths);
    expect(() => assertSafeNames(metainfo, "posix")).toThrow(unsafe);
    expect(() => assertSafeNames(metainfo, "windows")).toThrow(unsafe);
  });

  it("rejects names that differ in case only, and devices, on Windows only", async () => {
    for (const paths of [["a", "A"], ["straße/x", "STRASSE/x", "Straße/X"], ["b/nul"]]) {
      const metainfo = await share("root", ...paths);
      expect(() => assertSafeNames(metainfo, "posix")).not.toThrow();
      expect(() => assertSafeNames(metainfo, "windows")).toThrow(unsafe);
    }
  });

  it("leaves padding files out, which may share a path and are never created", async () => {
    const metainfo = await share("root", "a", "=.pad/5", "b", "=.pad/5");
    expect(() => assertSafeNames(metainfo, "windows")).not.toThrow();
  });
});

describe("assertDistinctPaths", () => {
  it("does not take names with a slash for folders", () => {
    expect(() => assertDistinctPaths([{ path: ["a/b"] }, { path: ["a", "b"] }], "posix")).not.toThrow();
  });

  it("handles 100,000 files in deep folders", () => {
    const files = Array.from({ length: 100_000 }, (_, i) => ({
      path: ["a", "b", "c", "d", "e", "f", `${i % 300}`, `${i}`],
    }));
    expect(() => assertDistinctPaths(files, "windows")).not.toThrow();
    expect(() => assertDistinctPaths([...files, ...files.slice(-1)], "posix")).toThrow(unsafe);
  });
});
