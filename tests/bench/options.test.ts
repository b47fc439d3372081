import { expect, test } from "vitest";
import { parseOptions } from "./options.js";

const DOCUMENT = "/docs/benchmarks.md";

test("measures everything, five times with 1 GiB, and writes that down", () => {
  expect(parseOptions([], DOCUMENT)).toMatchObject({ names: [], runs: 5, bytes: 1024 ** 3, output: DOCUMENT });
  expect(parseOptions(["create", "--runs", "9"], DOCUMENT)).toMatchObject({
    names: ["create"],
    runs: 9,
    output: DOCUMENT,
  });
});

test("only prints what is too small or too short to be worth keeping", () => {
  for (const args of [["--quick"], ["--runs", "4"], ["--size", "64"]])
    expect(parseOptions(args, DOCUMENT).output).toBeUndefined();
  expect(parseOptions(["--quick", "--output", "x.md"], DOCUMENT).output).toBe("x.md");
});

test("says which option is wrong", () => {
  for (const bad of ["0", "-1", "many", "1.5", ""])
    expect(() => parseOptions([`--runs=${bad}`], DOCUMENT)).toThrow("--runs takes a whole number");
  expect(() => parseOptions(["--fast"], DOCUMENT)).toThrow("--fast");
});
