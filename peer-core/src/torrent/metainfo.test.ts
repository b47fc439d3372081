import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMicrotaskHasher } from "../../testing/microtask-hasher.js";
import { toHex, utf8Encode } from "../base/bytes.js";
import { isShoalError } from "../base/errors.js";
import { dictFrom, encodeBencode } from "./bencode.js";
import type { BencodeInput } from "./bencode.js";
import { MAX_FILES, MAX_METAINFO_BYTES, parseInfo, pieceHash } from "./metainfo.js";

const hasher = createMicrotaskHasher();
const badMetainfo = expect.objectContaining({ name: "ShoalError", code: "metainfo" }) as Error;
const KIB = 1024;

type Fields = Readonly<Record<string, BencodeInput | undefined>>;

const single: Fields = { name: "a.bin", length: 100 * KIB, "piece length": 32 * KIB, pieces: new Uint8Array(80) };
const file = (length: number, ...path: string[]) => dictFrom({ length, path });
const multi = (...files: BencodeInput[]): Fields => ({ ...single, name: "root", length: undefined, files });

const parse = (fields: Fields) => parseInfo(encodeBencode(dictFrom(fields)), hasher);

describe("parseInfo", () => {
  it("reads a single file and computes the info-hash of exactly the bytes received", async () => {
    // Unsorted keys and keys nobody knows: another encoding of the same share is another share.
    const bytes = utf8Encode("d6:pieces0:12:piece lengthi32768e4:name1:a6:lengthi0e1:?i1ee");
    const metainfo = await parseInfo(bytes, hasher);
    expect(metainfo.infoHash).toBe(toHex(await hasher.sha1(bytes)));
    expect(metainfo).toMatchObject({ infoBytes: bytes, name: "a", length: 0, isMultiFile: false, isPrivate: false });
    expect(metainfo.files).toEqual([{ path: ["a"], length: 0, offset: 0, padding: false }]);
  });

  it("reads several files with their offsets, padding and privacy", async () => {
    const padding = dictFrom({ attr: "p", length: 5, path: [".pad", "5"] });
    const fields = multi(file(50 * KIB, "b"), padding, file(0, "d", "empty"), file(50 * KIB - 5, "d", "c"));
    const metainfo = await parse({ ...fields, private: 1 });
    expect(metainfo).toMatchObject({ name: "root", length: 100 * KIB, isMultiFile: true, isPrivate: true });
    expect(metainfo.files).toEqual([
      { path: ["b"], length: 50 * KIB, offset: 0, padding: false },
      { path: [".pad", "5"], length: 5, offset: 50 * KIB, padding: true },
      { path: ["d", "empty"], length: 0, offset: 50 * KIB + 5, padding: false },
      { path: ["d", "c"], length: 50 * KIB - 5, offset: 50 * KIB + 5, padding: false },
    ]);
  });

  it("hands out the hash of each piece", async () => {
    const pieces = Uint8Array.from({ length: 80 }, (_, i) => i);
    const metainfo = await parse({ ...single, pieces });
    const hashes = [...metainfo.geometry.pieces()].map((piece) => [...pieceHash(metainfo, piece)]);
    expect(hashes.flat()).toEqual([...pieces]);
    expect(hashes.map((hash) => hash.length)).toEqual([20, 20, 20, 20]);
  });

  it("keeps its own copy of the bytes, also of a Node Buffer's", async () => {
    for (const bytes of [encodeBencode(dictFrom(single)), Buffer.from(encodeBencode(dictFrom(single)))]) {
      const metainfo = await parseInfo(bytes, hasher);
      bytes.fill(0);
      expect(toHex(await hasher.sha1(metainfo.infoBytes))).toBe(metainfo.infoHash);
      expect(metainfo.pieceHashes.constructor).toBe(Uint8Array);
    }
  });

  it("prefers the names in UTF-8 beside the plain ones, where they are valid", async () => {
    const bad = Uint8Array.of(0xff);
    expect((await parse({ ...single, "name.utf-8": "ž" })).name).toBe("ž");
    expect((await parse({ ...single, name: bad, "name.utf-8": "ž" })).name).toBe("ž");
    expect((await parse({ ...single, "name.utf-8": bad })).name).toBe("a.bin");
    const named = (path: BencodeInput, utf8: BencodeInput) =>
      parse(multi(dictFrom({ length: 100 * KIB, path, "path.utf-8": utf8 }))).then(({ files }) => files[0]?.path);
    expect(await named([bad], ["ž"])).toEqual(["ž"]);
    expect(await named(["a"], [bad])).toEqual(["a"]);
    expect(await named(["a"], [])).toEqual(["a"]);
  });

  it("does not judge whether names are safe", async () => {
    expect((await parse({ ...single, name: "../x" })).name).toBe("../x");
    expect((await parse(multi(file(100 * KIB, "..", "a\0b")))).files[0]?.path).toEqual(["..", "a\0b"]);
  });

  it.each<[string, Fields]>([
    ["no name", { ...single, name: undefined }],
    ["an empty name", { ...single, name: "" }],
    ["a name that is not UTF-8", { ...single, name: Uint8Array.of(0xc3) }],
    ["a name of 256 bytes", { ...single, name: "x".repeat(256) }],
    ["a name that is a number", { ...single, name: 1 }],
    ["no piece length", { ...single, "piece length": undefined }],
    ["a piece length of 0", { ...single, "piece length": 0 }],
    ["a negative piece length", { ...single, "piece length": -32768 }],
    ["pieces of 32 MiB", { ...single, "piece length": 32 * KIB * KIB, pieces: new Uint8Array(20) }],
    ["no pieces (BitTorrent v2)", { ...single, pieces: undefined, "meta version": 2 }],
    ["one hash too few", { ...single, pieces: new Uint8Array(60) }],
    ["one hash too many", { ...single, pieces: new Uint8Array(100) }],
    ["half a hash", { ...single, pieces: new Uint8Array(79) }],
    ["neither length nor files", { ...single, length: undefined }],
    ["length and files", { ...single, files: [file(100 * KIB, "a")] }],
    ["a negative length", { ...single, length: -1 }],
    ["a length that is text", { ...single, length: "1" }],
    ["a length of 2^53 - 1", { ...single, length: Number.MAX_SAFE_INTEGER }],
    ["files that are no list", { ...single, length: undefined, files: 1 }],
    ["an empty list of files", multi()],
    ["a file that is no dictionary", multi("a")],
    ["a file without a path", multi(dictFrom({ length: 1 }))],
    ["a file with an empty path", multi(file(100 * KIB))],
    ["a file with an empty component", multi(file(100 * KIB, "a", ""))],
    ["a file with a number in its path", multi(dictFrom({ length: 100 * KIB, path: ["a", 1] }))],
    ["a path of 33 components", multi(file(100 * KIB, ...Array<string>(33).fill("a")))],
    ["a component of 256 bytes", multi(file(100 * KIB, "x".repeat(256)))],
    ["a path that is not UTF-8", multi(dictFrom({ length: 100 * KIB, path: [Uint8Array.of(0xff)] }))],
    ["a file of negative length", multi(file(-1, "a"), file(100 * KIB + 1, "b"))],
    ["lengths that add up beyond 2^53", multi(...Array.from({ length: 3 }, (_, i) => file(2 ** 53 - 1, `${i}`)))],
  ])("refuses %s", async (_, fields) => {
    await expect(parse(fields)).rejects.toEqual(badMetainfo);
  });

  it("accepts a path of 32 components of 255 bytes", async () => {
    const path = Array<string>(32).fill("x".repeat(255));
    expect((await parse(multi(file(100 * KIB, ...path)))).files[0]?.path).toEqual(path);
  });

  it("accepts 100,000 files, not one more", async () => {
    const empty = (count: number) => ({
      ...multi(...Array.from({ length: count }, (_, i) => file(0, `${i}`))),
      pieces: "",
    });
    expect((await parse(empty(MAX_FILES))).files).toHaveLength(MAX_FILES);
    await expect(parse(empty(MAX_FILES + 1))).rejects.toEqual(badMetainfo);
  });

  it("says of a share of BitTorrent v2 alone that only v1 is supported", async () => {
    const fields = { name: "a", "meta version": 2, "piece length": 32 * KIB, "file tree": dictFrom({}) };
    await expect(parse(fields)).rejects.toThrow(/only BitTorrent v1/);
  });

  it("refuses more than 32 MiB before looking at them", async () => {
    await expect(parseInfo(new Uint8Array(MAX_METAINFO_BYTES + 1), hasher)).rejects.toEqual(badMetainfo);
  });

  it("refuses what is not a dictionary or not bencoded", async () => {
    await expect(parseInfo(utf8Encode("le"), hasher)).rejects.toEqual(badMetainfo);
    const bad = expect.objectContaining({ code: "bencode" }) as Error;
    await expect(parseInfo(utf8Encode("d"), hasher)).rejects.toEqual(bad);
  });

  it("accepts or refuses changed bytes, and throws nothing but its own errors", async () => {
    const original = encodeBencode(dictFrom({ ...multi(file(50 * KIB, "a"), file(50 * KIB, "b", "c")), private: 0 }));
    const change = fc.tuple(fc.nat({ max: original.length - 1 }), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), fc.nat({ max: 3 }), async (changes, cut) => {
        const bytes = original.slice(0, original.length - cut);
        for (const [at, byte] of changes) bytes[at] = byte;
        try {
          const { length, files, geometry, pieceHashes } = await parseInfo(bytes, hasher);
          expect(files.reduce((sum, entry) => sum + entry.length, 0)).toBe(length);
          expect(pieceHashes).toHaveLength(20 * geometry.pieceCount);
        } catch (error) {
          if (!isShoalError(error, "metainfo") && !isShoalError(error, "bencode")) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
