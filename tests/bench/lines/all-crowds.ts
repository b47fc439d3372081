import type { CrowdContender } from "./crowd-contender.js";
import { ShoalCrowd } from "./shoal-crowd.js";

/** Everybody whose crowds are measured. */
export function allCrowds(): readonly CrowdContender[] {
  return [new ShoalCrowd()];
}
