import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { roomNamed } from "./rooms.js";

const room = roomNamed(process.env.SHOAL_MUTATED_ROOM ?? "");
const root = new URL("../..", import.meta.url);

interface Manifest {
  readonly exports: Record<string, { readonly source: string }>;
}

/** Leads imports of a package to the copy that is mutated; `node_modules` would lead to the original. */
function mutatedSources(name: string, folder: string) {
  const { exports } = JSON.parse(readFileSync(new URL(`${folder}/package.json`, root), "utf8")) as Manifest;
  return Object.entries(exports).map(([entry, { source }]) => ({
    find: new RegExp(`^${name}${entry.slice(1)}$`),
    replacement: fileURLToPath(new URL(`${folder}/${source}`, root)),
  }));
}

/** Tests in the order of the room's list: those beside the code are quick and notice most. */
class NearestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve([...files].sort((a, b) => rankOf(a.moduleId) - rankOf(b.moduleId)));
  }
}

function rankOf(file: string): number {
  const rank = room.mutate.findIndex((mutated) => file.endsWith(mutated.replace(/\.ts$/, ".test.ts")));
  if (rank >= 0) return rank;
  return file.includes("/simulation/") ? room.mutate.length + 1 : room.mutate.length;
}

export default defineConfig({
  root: fileURLToPath(root),
  resolve: {
    conditions: ["source"],
    alias: [...mutatedSources("@shoal/peer-core", "peer-core"), ...mutatedSources("@shoal/tracker", "tracker")],
  },
  test: {
    include: [...room.tests],
    exclude: ["**/dist/**", "**/node_modules/**"],
    // What waits for ever because of a mutant is ended by this: if Stryker has to end it, it costs a new process.
    testTimeout: room.longestTestMs,
    sequence: { sequencer: NearestFirst },
  },
});
