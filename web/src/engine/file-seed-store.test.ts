import { createWebCryptoHasher } from "@shoal/peer-core/platform";
import { createMetainfo, equalBytes } from "@shoal/peer-core/torrent";
import { describe, expect, it } from "vitest";
import { FileSeedStore } from "./file-seed-store.js";
import { hashPicked } from "./hash-picked.js";
import { contentFor, contentOf } from "./picked-content.js";
import { testShare } from "./testing/test-share.js";

/** A Blob whose reading fails as that of a file which has changed since it was picked. */
class ChangedBlob extends Blob {
  override slice(): Blob {
    const part = new Blob([]);
    part.arrayBuffer = () => Promise.reject(new DOMException("changed", "NotReadableError"));
    return part;
  }
}

describe("FileSeedStore", () => {
  it("reads every piece of several files from where they are", async () => {
    const { metainfo, picked, bytes } = await testShare([10, 70_000, 0, 50_001]);
    const store = new FileSeedStore(metainfo.geometry, contentFor(metainfo, picked).blob);
    expect(store.present().every((flag) => flag === 1)).toBe(true);
    for (const piece of metainfo.geometry.pieces()) {
      const into = new Uint8Array(metainfo.geometry.pieceSize(piece));
      await store.read(piece, 0, into);
      const offset = metainfo.geometry.pieceOffset(piece);
      expect(equalBytes(into, bytes.subarray(offset, offset + into.length))).toBe(true);
    }
  });

  it("says that a file has changed, so that the share ends", async () => {
    const { metainfo } = await testShare([40_000]);
    const store = new FileSeedStore(metainfo.geometry, new ChangedBlob([new Uint8Array(40_000)]));
    const read = store.read(metainfo.geometry.pieceIndex(0), 0, new Uint8Array(100));
    await expect(read).rejects.toMatchObject({ code: "source-changed" });
  });

  it("says so of content that ends early", async () => {
    const { metainfo, bytes } = await testShare([40_000]);
    const store = new FileSeedStore(metainfo.geometry, new Blob([bytes.subarray(0, 39_000)]));
    const read = store.read(metainfo.geometry.pieceIndex(1), 0, new Uint8Array(40_000 - 32_768));
    await expect(read).rejects.toMatchObject({ code: "source-changed" });
  });

  it("serves a piece no more that was found rotten, and writes nothing", async () => {
    const { metainfo, picked } = await testShare([40_000]);
    const store = new FileSeedStore(metainfo.geometry, contentFor(metainfo, picked).blob);
    const piece = metainfo.geometry.pieceIndex(0);
    await store.remove(piece);
    await expect(store.read(piece, 0, new Uint8Array(1))).rejects.toMatchObject({ code: "source-changed" });
    await expect(store.write()).rejects.toMatchObject({ code: "source" });
  });
});

describe("picked files", () => {
  it("hash to the same share in whatever order they were picked", async () => {
    const { metainfo, picked } = await testShare([10, 70_000, 0, 50_001]);
    const { name, geometry } = metainfo;
    const { pieceLength } = geometry;
    const content = contentOf([...picked].reverse());
    const again = await hashPicked(content, { hasher: createWebCryptoHasher() }, (files, options) =>
      createMetainfo({ name, files, isMultiFile: true, pieceLength, ...options }),
    );
    expect(again.infoHash).toBe(metainfo.infoHash);
  });

  it("fit a share only with the same paths and sizes", async () => {
    const { metainfo, picked } = await testShare([10, 20]);
    expect(() => contentFor(metainfo, picked.slice(1))).toThrow(expect.objectContaining({ code: "source" }) as Error);
    const longer = [{ path: ["a"], file: new File(["12345678901"], "a") }, ...picked.slice(1)];
    expect(() => contentFor(metainfo, longer)).toThrow(expect.objectContaining({ code: "source" }) as Error);
  });

  it("may have another name where the share is a single file", async () => {
    const { metainfo, picked } = await testShare([10]);
    const renamed = picked.map(({ file }) => ({ path: ["other"], file }));
    expect(contentFor(metainfo, renamed).blob.size).toBe(10);
  });
});
