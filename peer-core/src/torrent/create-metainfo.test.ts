import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMicrotaskHasher } from "../../testing/microtask-hasher.js";
import { concatBytes, toBinaryString, toHex, utf8Encode } from "../base/bytes.js";
import { choosePieceLength, createMetainfo } from "./create-metainfo.js";
import type { SourceFile } from "./hash-pieces.js";
import { pieceHash } from "./metainfo.js";

const hasher = createMicrotaskHasher();
const KIB = 1024;
const MIB = 1024 * KIB;
const TIB = MIB * MIB;
const refusal = (code: string) => expect.objectContaining({ name: "ShoalError", code }) as Error;

function source(path: string, data: Uint8Array, length = data.length): SourceFile {
  return {
    path: path.split("/"),
    length,
    read: (position, into) => {
      const part = data.subarray(position, position + into.length);
      into.set(part);
      return Promise.resolve(part.length);
    },
  };
}

/** Bytes in which no two pieces are alike. */
function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >>> 8) * 17 + (i >>> 16) + seed) & 0xff);
}

const folder = (files: readonly SourceFile[]) => ({
  name: "root",
  files,
  isMultiFile: true,
  pieceLength: 16 * KIB,
  hasher,
});

describe("createMetainfo", () => {
  it("hashes every piece over the borders of files, however many at once", async () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 70_000 })), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 5 }), fc.nat(200_000), async (lengths, parallel, runBytes) => {
        const contents = lengths.map((length, i) => pattern(length, i));
        const files = contents.map((data, i) => source(`${i}`, data));
        const metainfo = await createMetainfo({ ...folder(files), parallel, runBytes });
        const content = concatBytes(contents);
        expect(metainfo.files.map((file) => file.length)).toEqual(lengths);
        for (const piece of metainfo.geometry.pieces()) {
          const start = metainfo.geometry.pieceOffset(piece);
          const digest = await hasher.sha1(content.subarray(start, start + metainfo.geometry.pieceSize(piece)));
          expect(toHex(pieceHash(metainfo, piece))).toBe(toHex(digest));
        }
      }),
      { numRuns: 30 },
    );
  });

  it("writes the keys that BEP 3 asks for and no others", async () => {
    const one = await createMetainfo({
      name: "a",
      files: [source("a", utf8Encode("hello"))],
      isMultiFile: false,
      hasher,
    });
    const start = "d6:lengthi5e4:name1:a12:piece lengthi32768e6:pieces20:";
    expect(toBinaryString(one.infoBytes)).toMatch(new RegExp(`^${start}[^]{20}e$`));
    const two = await createMetainfo(folder([source("b/c", new Uint8Array(0)), source("a", new Uint8Array(0))]));
    expect(toBinaryString(two.infoBytes)).toBe(
      "d5:filesld6:lengthi0e4:pathl1:aeed6:lengthi0e4:pathl1:b1:ceee4:name4:root12:piece lengthi16384e6:pieces0:e",
    );
  });

  it("orders files by the UTF-8 bytes of their joined paths", async () => {
    const paths = ["𝒳", "Z", "é", "a-b", "a/x", "ｚ", "a.txt", "b/c"];
    const metainfo = await createMetainfo(folder(paths.map((path) => source(path, new Uint8Array(1)))));
    expect(metainfo.files.map((file) => file.path.join("/"))).toEqual([
      "Z",
      "a-b",
      "a.txt",
      "a/x",
      "b/c",
      "é",
      "ｚ",
      "𝒳",
    ]);
  });

  it("makes a share of no bytes at all", async () => {
    const metainfo = await createMetainfo(folder([source("a", new Uint8Array(0)), source("b", new Uint8Array(0))]));
    expect([metainfo.length, metainfo.geometry.pieceCount, metainfo.files.length]).toEqual([0, 0, 2]);
  });

  it("reports progress up to the whole length", async () => {
    const progress: number[] = [];
    const files = [source("a", pattern(100_000, 1))];
    await createMetainfo({ ...folder(files), onProgress: (bytes) => progress.push(bytes) });
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect([progress.length, progress.at(-1)]).toEqual([7, 100_000]);
  });

  it("notices a file that has become shorter", async () => {
    const files = [source("a", new Uint8Array(10)), source("b", new Uint8Array(50_000), 50_001)];
    await expect(createMetainfo(folder(files))).rejects.toEqual(refusal("source-changed"));
  });

  it("passes a failing read on and lets no other read go on after it", async () => {
    let reading = 0;
    const broken: SourceFile = {
      path: ["a"],
      length: 100 * 16 * KIB,
      read: async (position, into) => {
        reading += 1;
        await Promise.resolve();
        await Promise.resolve();
        reading -= 1;
        if (position === 5 * 16 * KIB) throw new Error("broken disk");
        return into.length;
      },
    };
    await expect(createMetainfo(folder([broken]))).rejects.toThrow("broken disk");
    expect(reading).toBe(0);
  });

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    const progress: number[] = [];
    const onProgress = (bytes: number) => {
      progress.push(bytes);
      if (progress.length === 2) controller.abort();
    };
    const files = [source("a", new Uint8Array(100 * 16 * KIB))];
    const stopped = createMetainfo({ ...folder(files), parallel: 1, onProgress, signal: controller.signal });
    await expect(stopped).rejects.toEqual(refusal("aborted"));
    expect(progress).toHaveLength(2);
    const early = createMetainfo({ ...folder(files), signal: controller.signal });
    await expect(early).rejects.toEqual(refusal("aborted"));
  });

  it.each<[string, string, Partial<Parameters<typeof createMetainfo>[0]>]>([
    ["no files", "metainfo", { files: [] }],
    ["an empty name", "metainfo", { name: "" }],
    ["a name that is not valid Unicode", "metainfo", { name: "a\ud800" }],
    ["a path that is not valid Unicode", "metainfo", { files: [source("\udc00", new Uint8Array(1))] }],
    ["a piece length of one byte", "metainfo", { pieceLength: 1 }],
    ["a piece length beyond 16 MiB", "metainfo", { pieceLength: 32 * MIB }],
    ["a negative length", "metainfo", { files: [source("a", new Uint8Array(9), -1)] }],
    ["two files where one is meant", "metainfo", { isMultiFile: false }],
    [
      "two files of one path",
      "unsafe-name",
      { files: [source("a", new Uint8Array(1)), source("a", new Uint8Array(1))] },
    ],
  ])("refuses %s before it reads anything", async (_, code, change) => {
    let reads = 0;
    const counted = (file: SourceFile): SourceFile => ({
      ...file,
      read: () => Promise.reject(new Error(`${++reads}`)),
    });
    const options = { ...folder([source("a", new Uint8Array(1)), source("b", new Uint8Array(1))]), ...change };
    const created = createMetainfo({ ...options, files: options.files.map(counted) });
    await expect(created).rejects.toEqual(refusal(code));
    expect(reads).toBe(0);
  });
});

describe("choosePieceLength", () => {
  it.each([
    [0, 32 * KIB],
    [2_000 * 32 * KIB, 32 * KIB],
    [2_000 * 32 * KIB + 1, 64 * KIB],
    [1024 * MIB, 1 * MIB],
    [8_000 * MIB, 4 * MIB],
    [1 * TIB, 4 * MIB],
    [1 * TIB + 1, 8 * MIB],
    [2 * TIB + 1, 16 * MIB],
    [16 * TIB, 16 * MIB],
  ])("chooses for %d bytes pieces of %d", (length, expected) => {
    expect(choosePieceLength(length)).toBe(expected);
  });

  it("gives 500 to 2,000 pieces between 16 MB and 8 GB", () => {
    fc.assert(
      fc.property(fc.integer({ min: 500 * 32 * KIB, max: 2_000 * 4 * MIB }), (length) => {
        const count = Math.ceil(length / choosePieceLength(length));
        expect(count).toBeGreaterThanOrEqual(500);
        expect(count).toBeLessThanOrEqual(2_000);
      }),
    );
  });
});
