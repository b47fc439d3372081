import { createMemoryPieceStore } from "@shoal/peer-core/platform";
import { describePieceStore } from "@shoal/peer-core/testing";

describePieceStore("in memory", (geometry) => {
  const pieces = new Map<number, Uint8Array>();
  return Promise.resolve({
    open: () => Promise.resolve(createMemoryPieceStore({ pieceCount: geometry.pieceCount, pieces })),
    dispose: () => Promise.resolve(),
  });
});
