import { readFileSync } from "node:fs";
import { open, rm, type FileHandle } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import type { BenchContext } from "../benchmark.js";
import { GIB, MIB } from "../sizes.js";

/** Looked at how much is free after each of these. */
const STEP_BYTES = 128 * MIB;

const READ_BYTES = 4 * MIB;

/** This many steps that leave as much free as before: from here on the kernel uses again what it has in use. */
const STEADY_STEPS = 3;

/** On a machine with more memory than this, filling it would take longer than the benchmark. */
const MOST_MEMORY = 64 * GIB;

/** Where transfers are measured. */
export interface Place {
  readonly folder: string;
  /** Leaves no memory idle; to be called right before a measurement. */
  readonly useMemory: () => Promise<void>;
}

/** Measures at the place of a benchmark; a quick one takes the memory as it is. */
export async function atPlace<Result>(
  { folder, isQuick }: BenchContext,
  measure: (place: Place) => Promise<Result>,
): Promise<Result> {
  if (isQuick) return await measure({ folder, useMemory: () => Promise.resolve() });
  const memory = await UsedMemory.open(folder);
  try {
    return await measure({ folder, useMemory: () => memory.fill() });
  } finally {
    await memory.close();
  }
}

/**
 * Keeps the machine's memory in use, as on any machine that has run for a while: full of what was read from files, clean,
 * and given up by the kernel as soon as somebody needs it.
 *
 * On an idle virtual machine free memory has gone back to the host, and the first touch of each page fetches it again, at
 * four times the cost of writing a file. Whose run meets how much of that depends on who has ended how long before.
 */
class UsedMemory {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);
  #position = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Makes a file without content in `folder`, so large that it is never read twice. */
  static async open(folder: string): Promise<UsedMemory> {
    const path = join(folder, "nothing");
    const file = await open(path, "w+");
    await file.truncate(4096 * GIB);
    return new UsedMemory(path, file);
  }

  /** Fills what is free. */
  async fill(): Promise<void> {
    if (totalmem() > MOST_MEMORY) return;
    const most = this.#position + 2 * totalmem();
    let last = freeBytes();
    for (let steady = 0; steady < STEADY_STEPS && this.#position < most;) {
      await this.#read();
      const free = freeBytes();
      steady = last - free < STEP_BYTES / 4 ? steady + 1 : 0;
      last = free;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
    await rm(this.#path);
  }

  async #read(): Promise<void> {
    for (const end = this.#position + STEP_BYTES; this.#position < end; this.#position += READ_BYTES) {
      await this.#file.read(this.#buffer, 0, READ_BYTES, this.#position);
    }
  }
}

function freeBytes(): number {
  return Number(/^MemFree:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) * 1024;
}
