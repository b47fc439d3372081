import { defineConfig } from "vitest/config";

/** Everything runs from source: the `source` condition of the packages' exports leads to TypeScript. */
const fromSource = {
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
};

export default defineConfig({
  test: {
    projects: [
      {
        ...fromSource,
        test: {
          name: "unit",
          include: [
            "peer-core/**/*.test.ts",
            "tracker/src/**/*.test.ts",
            "node-peer/src/**/*.test.ts",
            "web/src/**/*.test.ts",
            "tests/{bench,contract,simulation,soak}/**/*.test.ts",
          ],
          exclude: ["**/dist/**", "**/node_modules/**"],
          testTimeout: 60_000,
        },
      },
      {
        ...fromSource,
        test: {
          name: "system",
          include: ["tests/{chaos,integration,interop,e2e}/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
