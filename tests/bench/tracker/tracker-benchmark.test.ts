import { expect, test } from "vitest";
import { trackerBenchmark } from "./tracker-benchmark.js";

test("measures both trackers, and every figure is a number", { timeout: 60_000 }, async () => {
  const context = { runs: 1, bytes: 0, isQuick: true, folder: "", say: () => undefined };
  const [table] = await trackerBenchmark.run(context);
  expect(table?.columns).toHaveLength(4);
  expect(table?.rows.length).toBeGreaterThan(10);
  for (const [, ...figures] of table?.rows ?? []) {
    for (const figure of figures) expect(figure).toMatch(/^(-?\d+(\.\d+)?( ×)?|–)$/);
  }
});
