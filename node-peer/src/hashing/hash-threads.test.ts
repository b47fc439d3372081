import { createHash, randomFillSync } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { mkdtemp, open, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Hasher } from "@shoal/peer-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHashThreads } from "./hash-threads.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const allocate = (length: number) => {
  const bytes = createHashThreads().hasher.allocate?.(length);
  if (!bytes) throw new Error("it has memory of its own");
  return bytes;
};
const inThisThread = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest("hex");
const hex = (digest: Uint8Array) => Buffer.from(digest).toString("hex");
/** What keeps the process running on behalf of threads. */
const held = () =>
  process.getActiveResourcesInfo().filter((kind) => kind === "MessagePort" || kind === "Worker").length;

const heldBefore = held();
afterEach(() => {
  expect(held()).toBe(heldBefore);
});

/** Hashes 8 MiB again and again until a thread does it; returns how many MiB had been hashed by then. */
async function untilInThreads(hasher: Hasher): Promise<number> {
  const bytes = randomFillSync(allocate(8 * MIB));
  const expected = inThisThread(bytes);
  for (let hashedMib = 0; ; hashedMib += 8) {
    const digest = hasher.sha1(bytes);
    const isInThread = held() > heldBefore;
    expect(hex(await digest)).toBe(expected);
    if (isInThread) return hashedMib;
    await turn();
  }
}

describe("the writer that checks", () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "shoal-writer-"))));
  afterEach(() => rm(folder, { recursive: true }));
  const digestOf = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest();
  const ready = async (open?: () => Worker) => {
    const { hasher, checkedWriter } = createHashThreads(open);
    await untilInThreads(hasher);
    return checkedWriter;
  };

  it("writes what matches to its places, and nothing else, many at once", async () => {
    const writer = await ready();
    const files = [await open(join(folder, "a"), "w+"), await open(join(folder, "b"), "w+")] as const;
    const pieces = Array.from({ length: 20 }, () => randomFillSync(allocate(100 * KIB)));
    const outcomes = pieces.map((piece, nth) => {
      const [at, length] = [60 * KIB, 40 * KIB];
      const places = [
        { fd: files[0].fd, at: 0, length: at, position: nth * at },
        { fd: files[1].fd, at, length, position: nth * length },
      ];
      return writer.write(piece, nth === 7 ? digestOf(new Uint8Array(1)) : digestOf(piece), places);
    });
    expect(await Promise.all(outcomes)).toEqual(pieces.map((_, nth) => nth !== 7));
    const [a, b] = [await readFile(join(folder, "a")), await readFile(join(folder, "b"))];
    for (const [nth, piece] of pieces.entries()) {
      const there = Buffer.concat([
        a.subarray(nth * 60 * KIB, (nth + 1) * 60 * KIB),
        b.subarray(nth * 40 * KIB, (nth + 1) * 40 * KIB),
      ]);
      expect(there.equals(nth === 7 ? new Uint8Array(100 * KIB) : piece)).toBe(true);
    }
    for (const file of files) await file.close();
  });

  it("makes a file of what matches, and leaves nothing behind of what does not or cannot be", async () => {
    const writer = await ready();
    const piece = randomFillSync(allocate(100 * KIB));
    const file = { path: join(folder, "piece"), temporary: join(folder, "new") };
    expect(await writer.create(piece, digestOf(new Uint8Array(1)), file)).toBe(false);
    expect(await readdir(folder)).toEqual([]);
    expect(await writer.create(piece, digestOf(piece), file)).toBe(true);
    expect((await readFile(file.path)).equals(piece)).toBe(true);
    const nowhere = { ...file, path: join(folder, "missing", "piece") };
    await expect(writer.create(piece, digestOf(piece), nowhere)).rejects.toMatchObject({ code: "ENOENT" });
    expect(await readdir(folder)).toEqual(["piece"]);
  });

  it("says what the system said when it could not write", async () => {
    const writer = await ready();
    const file = await open(join(folder, "read-only"), "wx").then(async (made) => {
      await made.close();
      return await open(join(folder, "read-only"), "r");
    });
    const piece = allocate(64 * KIB);
    const place = { fd: file.fd, at: 0, length: piece.length, position: 0 };
    await expect(writer.write(piece, digestOf(piece), [place])).rejects.toMatchObject({ code: "EBADF" });
    await file.close();
  });

  it("takes shared memory only, and only once a thread runs", async () => {
    const shared = allocate(64 * KIB);
    expect(createHashThreads().checkedWriter.takes(shared)).toBe(false);
    const writer = await ready();
    expect([writer.takes(shared), writer.takes(new Uint8Array(64 * KIB))]).toEqual([true, false]);
  });

  it("knows nothing of what it gave to a thread that broke down", async () => {
    const program = `
      const { createHash } = require("node:crypto");
      const { parentPort } = require("node:worker_threads");
      parentPort.on("message", ([{ bytes, sha1 }]) => {
        if (sha1 !== undefined) process.exit(3);
        parentPort.postMessage([createHash("sha1").update(bytes).digest()]);
      });`;
    const writer = await ready(() => new Worker(program, { eval: true }));
    const piece = allocate(64 * KIB);
    expect(await writer.write(piece, digestOf(piece), [])).toBeUndefined();
  });
});

describe("the hasher with threads", () => {
  it("hashes views of shared and of other memory, many at once, without mixing them up", async () => {
    const { hasher } = createHashThreads();
    const shared = randomFillSync(allocate(MIB));
    expect(shared.buffer).toBeInstanceOf(SharedArrayBuffer);
    const plain = randomFillSync(new Uint8Array(300 * KIB));
    const views = Array.from({ length: 40 }, (_, nth) =>
      (nth % 4 ? shared : plain).subarray(nth * 1000, 200_000 + nth),
    );
    const expected = views.map(inThisThread);
    const digests = async () => (await Promise.all(views.map((view) => hasher.sha1(view)))).map(hex);
    expect(await digests()).toEqual(expected);
    expect(await untilInThreads(hasher)).toBeGreaterThanOrEqual(16);
    expect(await digests()).toEqual(expected);
  });

  it("hashes what the memory holds when it is asked, again and again", async () => {
    const { hasher } = createHashThreads();
    await untilInThreads(hasher);
    const bytes = allocate(64 * KIB);
    for (const fill of [1, 2, 3]) expect(hex(await hasher.sha1(bytes.fill(fill)))).toBe(inThisThread(bytes));
  });

  it("hashes by itself where the system gives no threads", async () => {
    const { hasher } = createHashThreads(() => {
      throw new Error("EAGAIN");
    });
    const bytes = randomFillSync(allocate(8 * MIB));
    for (let times = 0; times < 8; times++) expect(hex(await hasher.sha1(bytes))).toBe(inThisThread(bytes));
  });

  it("hashes by itself what a thread that breaks down leaves", async () => {
    let broken = 0;
    const { hasher } = createHashThreads(() => {
      const program = `require("node:worker_threads").parentPort.once("message", () => process.exit(3))`;
      return new Worker(program, { eval: true }).on("exit", () => broken++);
    });
    const bytes = randomFillSync(allocate(8 * MIB));
    const expected = inThisThread(bytes);
    while (broken === 0) {
      expect(hex(await hasher.sha1(bytes))).toBe(expected);
      await turn();
    }
  });

  it("hashes short pieces by itself", async () => {
    const bytes = allocate(64 * KIB - 1);
    expect(bytes.buffer).toBeInstanceOf(ArrayBuffer);
    expect(hex(await createHashThreads().hasher.sha1(bytes))).toBe(inThisThread(bytes));
  });
});
