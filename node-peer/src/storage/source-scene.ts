import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { scanSource, type ScannedSource } from "./scan-source.js";

/** What a test shares, in a folder of its own. */
export class SourceScene {
  readonly directory: string;
  readonly #sources: ScannedSource[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async open(): Promise<SourceScene> {
    return new SourceScene(await mkdtemp(join(tmpdir(), "shoal-source-")));
  }

  /** Scans as the product does; what comes of it need not be closed. */
  async scan(path: string): Promise<ScannedSource> {
    const source = await scanSource(path);
    this.#sources.push(source);
    return source;
  }

  /** Writes a file below the folder; resolves to where it is. */
  async put(path: string, bytes: Uint8Array | string): Promise<string> {
    const absolute = join(this.directory, path);
    await mkdir(dirname(absolute), { recursive: true });
    await writeFile(absolute, bytes);
    return absolute;
  }

  async close(): Promise<void> {
    for (const source of this.#sources) await source.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}
