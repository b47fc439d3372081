import { fstatSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { FileStamp } from "./state-record.js";

/** Counts how often files are seen to have been written to, replaced or cut since they got their final name. */
export class PlacedWatch {
  readonly #times = new Map<number, bigint>();
  #changes = 0;

  get changes(): number {
    return this.#changes;
  }

  /** What a file looks like from which changes count; undefined: it has changed already. */
  add(file: number, stamp: Pick<FileStamp, "mtimeNs"> | undefined): void {
    if (stamp === undefined) this.#changes++;
    else this.#times.set(file, stamp.mtimeNs);
  }

  /** After a read, so that what was read is covered. Each change counts once. On this thread: it takes microseconds. */
  look(file: number, { fd }: FileHandle): void {
    const was = this.#times.get(file);
    if (was === undefined) return;
    const { mtimeNs } = fstatSync(fd, { bigint: true });
    if (mtimeNs === was) return;
    this.#times.set(file, mtimeNs);
    this.#changes++;
  }
}
