import { createWebCryptoHasher } from "@shoal/peer-core/platform";
import { pieceHash } from "@shoal/peer-core/torrent";
import { expect, it } from "vitest";
import { FilePieceStore } from "./file-piece-store.js";
import type { KeptShare } from "./kept-store.js";
import { StorageDesk } from "./storage-desk.js";
import { MemoryFolder } from "./testing/memory-folder.js";
import { testShare } from "./testing/test-share.js";

it("StorageDesk hashes two pieces at once, and the others in their turn", async () => {
  const { metainfo, bytes } = await testShare([200_000]);
  const webCrypto = createWebCryptoHasher();
  let busy = 0;
  let most = 0;
  const sha1 = async (data: Uint8Array): Promise<Uint8Array> => {
    most = Math.max(most, ++busy);
    try {
      return await webCrypto.sha1(data);
    } finally {
      busy--;
    }
  };
  const folder = new MemoryFolder();
  const place = {
    open: (share: KeptShare) => FilePieceStore.open(share, folder),
    forgetBorder: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
  const desk = new StorageDesk(place, { sha1 });
  const share = { infoBytes: metainfo.infoBytes, kept: undefined, sealed: new Set<number>() };
  await desk.take({ type: "open", call: 1, store: 1, share });
  most = 0;
  const { geometry } = metainfo;
  const pieces = [...geometry.pieces()];
  expect(pieces.length).toBeGreaterThan(4);
  const outcomes = pieces.map((piece) => {
    const offset = geometry.pieceOffset(piece);
    const data = bytes.slice(offset, offset + geometry.pieceSize(piece));
    return desk.take({ type: "write-if-matching", call: 2, store: 1, piece, data, sha1: pieceHash(metainfo, piece) });
  });
  for (const outcome of await Promise.all(outcomes)) expect(outcome).toMatchObject({ kind: "judged", isMatch: true });
  expect(most).toBe(2);
});
