import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { MIB } from "../sizes.js";
import type { BenchTab } from "./bench-tab.js";

/** What was got is compared by the hashes of its parts: a page cannot hash bit by bit. */
const PART_BYTES = 4 * MIB;

/** SHA-1 in hexadecimal of each part of a file. */
export async function partDigestsOf(path: string): Promise<readonly string[]> {
  const digests: string[] = [];
  for await (const part of createReadStream(path, { highWaterMark: PART_BYTES }) as AsyncIterable<Buffer>) {
    digests.push(createHash("sha1").update(part).digest("hex"));
  }
  return digests;
}

/** The same of what `chunks`, an expression in a tab's page, iterates over. */
export async function partDigestsIn(tab: BenchTab, chunks: string): Promise<readonly string[]> {
  return await tab.evaluate<string[]>(`(async () => {
    const digests = [];
    const part = new Uint8Array(${PART_BYTES});
    let filled = 0;
    const finish = async () => {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", part.subarray(0, filled)));
      digests.push(Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""));
      filled = 0;
    };
    for await (const chunk of ${chunks}) {
      for (let from = 0; from < chunk.length; ) {
        const some = chunk.subarray(from, from + part.length - filled);
        part.set(some, filled);
        filled += some.length;
        from += some.length;
        if (filled === part.length) await finish();
      }
    }
    if (filled > 0) await finish();
    return digests;
  })()`);
}

/** An expression for what a page's origin keeps at a path of its private file system. */
export function storedFile(path: readonly string[]): string {
  const [file = "", ...folders] = path.toReversed();
  return `(await (async () => {
    let folder = await navigator.storage.getDirectory();
    for (const name of ${JSON.stringify(folders.toReversed())}) folder = await folder.getDirectoryHandle(name);
    return (await (await folder.getFileHandle(${JSON.stringify(file)})).getFile()).stream();
  })())`;
}
