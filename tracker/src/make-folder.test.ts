import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { makeFolder } from "./make-folder.js";

const folder = mkdtempSync(join(tmpdir(), "shoal-folder-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("makes a folder and those above it, and leaves one that is there", () => {
  const path = join(folder, "a", "b", "c");
  makeFolder(path);
  makeFolder(path);
  expect(statSync(path).isDirectory()).toBe(true);
});

it("ends where no folder can be made", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(() => makeFolder(file)).toThrow("EEXIST");
  expect(() => makeFolder(join(file, "below"))).toThrow("ENOTDIR");
  if (process.platform === "linux") expect(() => makeFolder("/proc/shoal/below")).toThrow("ENOENT");
});
