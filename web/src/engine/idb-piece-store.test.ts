import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { createWebCryptoHasher } from "@shoal/peer-core/platform";
import { describePieceStore } from "@shoal/peer-core/testing";
import { encodeBencode, equalBytes, parseInfo } from "@shoal/peer-core/torrent";
import { expect, it } from "vitest";
import { openDatabase } from "./database.js";
import { IdbPlace } from "./idb-piece-store.js";
import { testShare } from "./testing/test-share.js";

globalThis.IDBKeyRange = IDBKeyRange;

describePieceStore("IdbPieceStore", async ({ length, pieceLength, pieceCount }) => {
  const database = await openDatabase(new IDBFactory());
  const info = new Map<string, number | string | Uint8Array>([
    ["name", "share"],
    ["length", length],
    ["piece length", pieceLength],
    ["pieces", new Uint8Array(20 * pieceCount)],
  ]);
  const metainfo = await parseInfo(encodeBencode(info), createWebCryptoHasher());
  return {
    open: () => new IdbPlace(database).open({ metainfo, kept: undefined, sealed: new Set() }),
    dispose: () => {
      database.close();
      return Promise.resolve();
    },
  };
});

it("composes files of pieces, over their borders, and forgets a share without touching others", async () => {
  const share = await testShare([50_000, 0, 100_000]);
  const other = await testShare([40_000]);
  const place = new IdbPlace(await openDatabase(new IDBFactory()));
  const open = async ({ metainfo }: typeof share) =>
    await place.open({ metainfo, kept: undefined, sealed: new Set<number>() });
  for (const each of [share, other]) {
    const store = await open(each);
    for (const piece of each.metainfo.geometry.pieces()) {
      const offset = each.metainfo.geometry.pieceOffset(piece);
      await store.write(piece, each.bytes.slice(offset, offset + each.metainfo.geometry.pieceSize(piece)));
    }
    await store.close();
  }
  const store = await open(share);
  let offset = 0;
  for (const [index, { length }] of share.metainfo.files.entries()) {
    const bytes = new Uint8Array(await (await store.blobOf(index)).arrayBuffer());
    expect(equalBytes(bytes, share.bytes.subarray(offset, (offset += length)))).toBe(true);
  }
  await store.close();
  await place.discard(share.metainfo.infoHash);
  expect([...(await open(share)).present()]).toEqual([0, 0, 0, 0, 0]);
  expect([...(await open(other)).present()]).toEqual([1, 1]);
});

it("refuses to hand out a file that is not whole", async () => {
  const share = await testShare([50_000]);
  const place = new IdbPlace(await openDatabase(new IDBFactory()));
  const store = await place.open({ metainfo: share.metainfo, kept: undefined, sealed: new Set() });
  await store.write(share.metainfo.geometry.pieceIndex(0), share.bytes.slice(0, 32_768));
  await expect(store.blobOf(0)).rejects.toMatchObject({ code: "disk" });
});
