import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { roomNamed } from "./rooms.js";

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

export default defineConfig({
  root: fileURLToPath(root),
  resolve: {
    conditions: ["source"],
    alias: [...mutatedSources("@shoal/peer-core", "peer-core"), ...mutatedSources("@shoal/tracker", "tracker")],
  },
  test: {
    include: [...roomNamed(process.env.SHOAL_MUTATED_ROOM ?? "").tests],
    exclude: ["**/dist/**", "**/node_modules/**"],
    testTimeout: 60_000,
  },
});
