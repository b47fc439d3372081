import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Found by the package's name, for this runs from source and from dist/. */
const TESTS = dirname(createRequire(import.meta.url).resolve("@shoal/tests/package.json"));

/** A file of the repository, whether built or not. */
export function repositoryPath(path: string): string {
  return join(TESTS, "..", path);
}
