import type { FaultKind } from "../fault-plan.js";
import { diskFull, flippedData, flippedState, tornState } from "./disk-faults.js";
import type { Bring } from "./scene.js";
import { cut, halfOpen, hold, latency, loss, oneWay, reset } from "./line-faults.js";
import { clock, kill, restart, stop } from "./process-faults.js";

/** How each kind is brought about. */
export const BRINGERS: Readonly<Record<FaultKind, Bring>> = {
  kill,
  restart,
  stop,
  clock,
  cut,
  reset,
  hold,
  latency,
  loss,
  "half-open": halfOpen,
  "one-way": oneWay,
  "disk-full": diskFull,
  "torn-state": tornState,
  "flipped-state": flippedState,
  "flipped-data": flippedData,
};
