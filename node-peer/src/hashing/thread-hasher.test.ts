import { createHash, randomFillSync } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { createThreadHasher } from "./thread-hasher.js";

const KIB = 1024;
const allocate = (length: number) => {
  const bytes = createThreadHasher().allocate?.(length);
  if (!bytes) throw new Error("it has memory of its own");
  return bytes;
};
const inThisThread = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest("hex");
const hex = (digest: Uint8Array) => Buffer.from(digest).toString("hex");
const workers = () => process.getActiveResourcesInfo().filter((kind) => kind === "MessagePort" || kind === "Worker");

const before = workers().length;
afterEach(() => {
  expect(workers()).toHaveLength(before);
});

describe("the hasher with threads", () => {
  it("hashes views of shared and of other memory, many at once, without mixing them up", async () => {
    const hasher = createThreadHasher();
    const shared = allocate(1024 * KIB);
    expect(shared.buffer).toBeInstanceOf(SharedArrayBuffer);
    const plain = randomFillSync(new Uint8Array(300 * KIB));
    randomFillSync(shared);
    const views = Array.from({ length: 40 }, (_, nth) =>
      (nth % 4 ? shared : plain).subarray(nth * 1000, 200_000 + nth),
    );
    const digests = await Promise.all(views.map((view) => hasher.sha1(view)));
    expect(digests.map(hex)).toEqual(views.map(inThisThread));
  });

  it("hashes what the memory holds when it is asked, again and again", async () => {
    const hasher = createThreadHasher();
    const bytes = allocate(64 * KIB);
    for (const fill of [1, 2, 3]) expect(hex(await hasher.sha1(bytes.fill(fill)))).toBe(inThisThread(bytes));
  });

  it("leaves short pieces to WebCrypto", async () => {
    const bytes = allocate(64 * KIB - 1);
    expect(bytes.buffer).toBeInstanceOf(ArrayBuffer);
    expect(hex(await createThreadHasher().sha1(bytes))).toBe(inThisThread(bytes));
  });
});
