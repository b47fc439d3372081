import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const WORKER = "seed-worker";

export interface BundledWorker {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Compiles the worker, with all that it imports from source, into one file of its own: a third less work than when each
 * worker translates every module as it loads it, with what keeps the names of functions readable in each of them.
 */
export async function bundleWorker(): Promise<BundledWorker> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-simulation-"));
  await build({
    configFile: false,
    logLevel: "error",
    ssr: { noExternal: true, resolve: { conditions: ["source", "node", "import"] } },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      rolldownOptions: {
        input: fileURLToPath(new URL(`${WORKER}.ts`, import.meta.url)),
        output: { entryFileNames: `${WORKER}.mjs` },
      },
    },
  });
  return { path: join(folder, `${WORKER}.mjs`), remove: () => rm(folder, { recursive: true, force: true }) };
}
