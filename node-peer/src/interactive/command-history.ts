import { appendFile, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder } from "../storage/make-folder.js";

/** More than anybody scrolls back. */
const MAX_LINES = 1_000;

/** Lines typed in the interactive client, kept in the data folder, mode 0600. Failures only cost the history. */
export class CommandHistory {
  readonly #path: string;

  constructor(dataDir: string) {
    this.#path = join(dataDir, "client-history");
  }

  /** Newest first, as readline wants it. */
  async load(): Promise<string[]> {
    const text = await readFile(this.#path, "utf8").catch(() => "");
    const lines = text.split("\n").filter((line) => line !== "");
    if (lines.length > 2 * MAX_LINES)
      await writeFile(this.#path, `${lines.slice(-MAX_LINES).join("\n")}\n`, { mode: 0o600 }).catch(() => undefined);
    return lines.slice(-MAX_LINES).reverse();
  }

  async add(line: string): Promise<void> {
    try {
      await makeFolder(dirname(this.#path), 0o700);
      await appendFile(this.#path, `${line}\n`, { mode: 0o600 });
    } catch {
      // A history that cannot be kept is no reason to stop anybody's work.
    }
  }
}
