import type { GetItem } from "../engine/messages.js";

/** How the state of a get feels: what moves, what rests, what wants attention. */
export const GET_TONES = {
  looking: "moving",
  found: "good",
  unknown: "warn",
  checking: "moving",
  getting: "moving",
  stalled: "warn",
  paused: "resting",
  interrupted: "warn",
  done: "good",
  failed: "danger",
} as const satisfies Record<GetItem["state"]["kind"], string>;
