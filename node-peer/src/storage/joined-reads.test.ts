import { randomFillSync } from "node:crypto";
import { mkdtemp, open, rm, writeFile, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { joinedOf, JoinedReads } from "./joined-reads.js";

const content = randomFillSync(new Uint8Array(100_000));

let folder: string;
let file: FileHandle;
let calls: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-joined-"));
  await writeFile(join(folder, "file"), content);
  file = await open(join(folder, "file"), "r");
  calls = [];
});

afterEach(async () => {
  await file.close().catch(() => undefined);
  await rm(folder, { recursive: true });
});

/** The file, with its calls noted; `mostBytes`: what it reads at the most in one of them. */
function noting(mostBytes = Infinity): FileHandle {
  const noted = {
    read: (into: Uint8Array, at: number, length: number, position: number) => {
      calls.push(`read ${position}`);
      return file.read(into, at, Math.min(length, mostBytes), position);
    },
    readv: async (buffers: Uint8Array[], position: number) => {
      calls.push(`readv ${buffers.length} from ${position}`);
      if (mostBytes === Infinity) return await file.readv(buffers, position);
      const all = new Uint8Array(mostBytes);
      const { bytesRead } = await file.read(all, 0, mostBytes, position);
      let done = 0;
      for (const buffer of buffers) {
        buffer.set(all.subarray(done, Math.min(done + buffer.length, bytesRead)));
        done = Math.min(done + buffer.length, bytesRead);
      }
      return { bytesRead, buffers };
    },
  };
  return noted as unknown as FileHandle;
}

async function readAll(handle: FileHandle, ranges: readonly (readonly [number, number])[]): Promise<void> {
  const reads = new JoinedReads();
  const buffers = ranges.map(([, length]) => new Uint8Array(length));
  const counts = await Promise.all(
    ranges.map(([position], at) => reads.read(handle, position, buffers[at] ?? content)),
  );
  for (const [at, [position, length]] of ranges.entries()) {
    const expected = content.subarray(position, position + length);
    expect(counts[at]).toBe(expected.length);
    expect(buffers[at]?.subarray(0, counts[at])).toEqual(expected);
  }
}

it("reads together what is asked for at once and follows on each other, in any order", async () => {
  await readAll(noting(), [
    [16_000, 16_000],
    [0, 16_000],
    [50_000, 100],
    [32_000, 5],
  ]);
  expect(calls.sort()).toEqual(["read 50000", "readv 3 from 0"]);
});

it("reads on where the system gave less, and gives less only at the end", async () => {
  await readAll(noting(20_000), [
    [0, 16_000],
    [16_000, 16_000],
    [32_000, 16_000],
  ]);
  await readAll(noting(), [
    [90_000, 9_000],
    [99_000, 9_000],
    [108_000, 10],
  ]);
});

it("reads overlapping ranges each by itself", () => {
  const of = (position: number, length: number) => ({ position, into: new Uint8Array(length) });
  const runs = joinedOf([of(0, 10), of(5, 10), of(15, 1), of(0, 10)]);
  expect(runs.map((run) => run.map(({ position }) => position))).toEqual([[0], [0], [5, 15]]);
});

it("tells everybody when the file cannot be read", async () => {
  await file.close();
  const reads = new JoinedReads();
  const outcomes = await Promise.allSettled([0, 10, 20].map((at) => reads.read(file, at, new Uint8Array(10))));
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
});
