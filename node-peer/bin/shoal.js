#!/usr/bin/env node
import { statSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const dist = new URL("../dist/", import.meta.url);
const writtenMs = (name) => statSync(new URL(name, dist), { throwIfNoEntry: false })?.mtimeMs;

const bundledMs = writtenMs("bundle/main.js");
const compiledMs = writtenMs("build.tsbuildinfo");
if (compiledMs === undefined) {
  process.stderr.write("shoal is not built yet. Run: npm install && npm run build\n");
  process.exitCode = 1;
} else {
  // Node 22.8 and later remember compiled code. Here, since a temporary folder is open to other users.
  module.enableCompileCache?.(fileURLToPath(new URL("cache", dist)));
  // The bundle starts three times as fast. After `tsc -b` alone it is not what the sources say any more.
  const isBundled = bundledMs !== undefined && bundledMs >= compiledMs;
  const { main } = await import(new URL(isBundled ? "bundle/main.js" : "main.js", dist).href);
  await main(process.argv.slice(2));
}
