import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canMakeNetworks } from "../support/namespace.js";

const MAIN = fileURLToPath(new URL("../bench/main.ts", import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-bench-test-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function bench(...args: string[]): Promise<{ stdout: string }> {
  return await promisify(execFile)(process.execPath, ["--import", "tsx", MAIN, ...args, "--folder", folder]);
}

/** Cells of the rows below a table's rule. */
function rowsOf(markdown: string): string[][] {
  const lines = markdown.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test("the benchmark carries a file with curl and both of our transports, and writes its table down", async () => {
  const output = join(folder, "figures.md");
  await writeFile(
    output,
    "# Figures\n\n<!-- bench:throughput -->\nstale figures\n<!-- /bench:throughput -->\n\nThe end.\n",
  );
  const { stdout } = await bench("throughput", "--quick", "--size", "8", "--output", output);
  const rows = rowsOf(stdout);
  expect(rows.map(([who]) => who)).toEqual(["curl from nginx (the limit)", "Shoal over WebSocket", "Shoal over TCP"]);
  for (const cells of rows) {
    expect(cells.at(-1), stdout).toBe("1");
    expect(Number(cells[1])).toBeGreaterThan(0);
    expect(cells).toHaveLength(9);
  }
  const written = await readFile(output, "utf8");
  expect(written).toContain(stdout.trim());
  expect(written).toMatch(/^# Figures\n[^]*\nThe end\.\n$/);
  expect(written).not.toContain("stale figures");
  expect(await readdir(folder)).toEqual(["figures.md"]);
});

test.skipIf(!canMakeNetworks)(
  "the benchmark gives a crowd a file over lines that are limited (needs network namespaces)",
  { timeout: 240_000 },
  async () => {
    const { stdout } = await bench("shortest-time-real", "--quick");
    const [cells] = rowsOf(stdout);
    expect(cells?.[0]).toBe("Shoal");
    // Nobody can be faster, nor get more with less: else the lines are not what they should be.
    expect(Number(cells?.[2])).toBeGreaterThanOrEqual(1);
    expect(Number(cells?.[4])).toBeGreaterThanOrEqual(1);
    expect(Number(cells?.[5])).toBeGreaterThanOrEqual(1);
    expect(cells?.at(-1), stdout).toBe("1");
    expect(await readdir(folder)).not.toContain("shortest-time-real");
  },
);

test("the benchmark brings files into tabs of a browser, and compares them there", { timeout: 240_000 }, async () => {
  const { stdout } = await bench("tab-to-tab", "node-to-tab", "--quick", "--size", "8");
  const rows = rowsOf(stdout).filter(([who]) => /fetch|Shoal/.test(who ?? ""));
  const names = ["fetch", "Shoal, tab to tab", "fetch + SHA-1 + OPFS", "Shoal, Node to tab"];
  expect(rows.map(([who]) => who).sort()).toEqual(names.sort());
  for (const cells of rows) {
    expect(cells.at(-1), stdout).toBe("1");
    expect(Number(cells[1])).toBeGreaterThan(0);
    expect(Number(cells[2])).toBeGreaterThan(0);
  }
});

test("the benchmark says which names there are, instead of measuring something else", async () => {
  await expect(bench("thruput")).rejects.toThrow(/No benchmark is called thruput; there are throughput, /);
});
