import type { InfoHash } from "@shoal/peer-core";
import { ShoalError } from "@shoal/peer-core";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createHash, randomBytes } from "node:crypto";
import { makeFolder } from "../storage/make-folder.js";

/**
 * The tokens that let this user take a share out of a catalogue again. One file per (hub, share), mode 0600, so that
 * several processes never rewrite each other's.
 */
export class OwnerTokens {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, "owner-tokens");
  }

  /** Throws ShoalError("disk") when it cannot be kept. */
  async save(hub: string, infoHash: InfoHash, token: string): Promise<void> {
    const path = this.#path(hub, infoHash);
    const temporary = `${path}.${randomBytes(6).toString("hex")}`;
    try {
      await makeFolder(this.#folder, 0o700);
      await writeFile(temporary, token, { mode: 0o600, flag: "wx" });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw new ShoalError("disk", `Cannot keep the owner token in ${this.#folder}`, { cause: error });
    }
  }

  async find(hub: string, infoHash: InfoHash): Promise<string | undefined> {
    try {
      return await readFile(this.#path(hub, infoHash), "utf8");
    } catch {
      return undefined;
    }
  }

  /** A hub's URL is no file name: it is hashed. */
  #path(hub: string, infoHash: InfoHash): string {
    return join(this.#folder, `${createHash("sha256").update(hub).digest("hex").slice(0, 16)}-${infoHash}`);
  }
}
