import { Bitfield } from "@shoal/peer-core/torrent";
import { expect, it } from "vitest";
import { FileProgress } from "./file-progress.js";
import { testShare } from "./testing/test-share.js";

it("counts the bytes of pieces by file, each piece once", async () => {
  const { metainfo } = await testShare([50_000, 0, 100_000]);
  const progress = new FileProgress(metainfo);
  for (const piece of [1, 1, 4]) progress.add(piece);
  expect([0, 1, 2].map((file) => progress.doneBytes(file))).toEqual([17_232, 0, 15_536 + 18_928]);
  expect(progress.totalBytes).toBe(32_768 + 18_928);
  progress.reset(Bitfield.full(5));
  expect([0, 1, 2].map((file) => progress.doneBytes(file))).toEqual([50_000, 0, 100_000]);
});
