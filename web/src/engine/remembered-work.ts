import type { Database } from "./database.js";

/** What a get is to be after a reload. */
export type RememberedState = "running" | "paused" | "helping" | "kept";

/** A share that is being got, or was. Written by us alone; the metainfo is parsed again all the same. */
export interface RememberedGet {
  readonly kind: "get";
  readonly infoHash: string;
  readonly infoBytes: Uint8Array;
  /** The link that was opened, for its trackers and endpoints. */
  readonly link: string;
  /** Indexes of the files that are wanted; undefined: all. */
  readonly chosen: readonly number[] | undefined;
  /** Indexes of the files that are kept in storage: those wanted now or before. */
  readonly kept: readonly number[] | undefined;
  readonly state: RememberedState;
}

export interface RememberedShare {
  readonly kind: "share";
  readonly infoHash: string;
  readonly id: string;
  readonly infoBytes: Uint8Array;
  readonly isListed: boolean;
  /** Withdraws it from the hub's list. */
  readonly ownerToken: string | undefined;
  /** Where the browser gave them. */
  readonly handles: readonly FileSystemHandle[];
}

export type Remembered = RememberedGet | RememberedShare;

/** What this browser works on, kept over reloads. */
export class RememberedWork {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async all(): Promise<readonly Remembered[]> {
    return (await this.#database.all("work")).filter(isRemembered);
  }

  async get(kind: Remembered["kind"], infoHash: string): Promise<Remembered | undefined> {
    const value = await this.#database.get("work", [kind, infoHash]);
    return isRemembered(value) ? value : undefined;
  }

  async put(work: Remembered): Promise<void> {
    await this.#database.put("work", [work.kind, work.infoHash], work);
  }

  async forget(kind: Remembered["kind"], infoHash: string): Promise<void> {
    await this.#database.delete("work", [kind, infoHash]);
  }
}

/** A record of this or an earlier version that can still be read. */
function isRemembered(value: unknown): value is Remembered {
  if (typeof value !== "object" || value === null) return false;
  const { kind, infoHash, infoBytes } = value as Partial<Remembered>;
  return (kind === "get" || kind === "share") && typeof infoHash === "string" && infoBytes instanceof Uint8Array;
}
