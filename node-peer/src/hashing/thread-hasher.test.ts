import { createHash, randomFillSync } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Hasher } from "@shoal/peer-core";
import { afterEach, describe, expect, it } from "vitest";
import { createThreadHasher } from "./thread-hasher.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const allocate = (length: number) => {
  const bytes = createThreadHasher().allocate?.(length);
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

describe("the hasher with threads", () => {
  it("hashes views of shared and of other memory, many at once, without mixing them up", async () => {
    const hasher = createThreadHasher();
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
    const hasher = createThreadHasher();
    await untilInThreads(hasher);
    const bytes = allocate(64 * KIB);
    for (const fill of [1, 2, 3]) expect(hex(await hasher.sha1(bytes.fill(fill)))).toBe(inThisThread(bytes));
  });

  it("hashes by itself where the system gives no threads", async () => {
    const hasher = createThreadHasher(() => {
      throw new Error("EAGAIN");
    });
    const bytes = randomFillSync(allocate(8 * MIB));
    for (let times = 0; times < 8; times++) expect(hex(await hasher.sha1(bytes))).toBe(inThisThread(bytes));
  });

  it("hashes by itself what a thread that breaks down leaves", async () => {
    let broken = 0;
    const hasher = createThreadHasher(() => {
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

  it("leaves short pieces to WebCrypto", async () => {
    const bytes = allocate(64 * KIB - 1);
    expect(bytes.buffer).toBeInstanceOf(ArrayBuffer);
    expect(hex(await createThreadHasher().sha1(bytes))).toBe(inThisThread(bytes));
  });
});
