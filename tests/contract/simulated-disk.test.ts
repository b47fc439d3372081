import { createHash } from "node:crypto";
import { describePieceStore, VirtualClock } from "@shoal/peer-core/testing";
import { ProcessClock } from "../simulation/random/process-clock.js";
import { SimulatedDisk } from "../simulation/random/simulated-disk.js";

const sha1 = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest();

describePieceStore("on a simulated disk", (geometry) => {
  const disk = new SimulatedDisk({ geometry, accessMs: 0, sha1, maxPieces: Infinity, onWrite: () => undefined });
  return Promise.resolve({
    open: () => Promise.resolve(disk.open(new ProcessClock(new VirtualClock()))),
    dispose: () => Promise.resolve(),
  });
});
