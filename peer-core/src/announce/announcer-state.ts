import { invariant } from "../base/invariant.js";

/** idle → announcing → waiting or backing-off → announcing; any → stopped. Times in ms of the runtime's clock. */
export type AnnouncerState =
  | { readonly kind: "idle" }
  | { readonly kind: "announcing"; readonly failures: number }
  | { readonly kind: "waiting"; readonly until: number }
  | { readonly kind: "backing-off"; readonly until: number; readonly failures: number }
  | { readonly kind: "stopped" };

export type AnnouncerInput =
  | { readonly kind: "announce" }
  | { readonly kind: "answered"; readonly until: number }
  | { readonly kind: "failed"; readonly until: number }
  | { readonly kind: "stop" };

/** The one transition function; an impossible pair is our bug. */
export function nextAnnouncerState(state: AnnouncerState, input: AnnouncerInput): AnnouncerState {
  switch (input.kind) {
    case "stop":
      return { kind: "stopped" };
    case "announce":
      invariant(state.kind !== "announcing" && state.kind !== "stopped", `no announce while ${state.kind}`);
      return { kind: "announcing", failures: state.kind === "backing-off" ? state.failures : 0 };
    case "answered":
      invariant(state.kind === "announcing", `no answer while ${state.kind}`);
      return { kind: "waiting", until: input.until };
    case "failed":
      // A line is also lost while we wait: then the tracker has forgotten us.
      invariant(state.kind === "announcing" || state.kind === "waiting", `no failure while ${state.kind}`);
      return { kind: "backing-off", until: input.until, failures: failuresOf(state) + 1 };
  }
}

/** Failures in a row so far. */
export function failuresOf(state: AnnouncerState): number {
  return state.kind === "announcing" || state.kind === "backing-off" ? state.failures : 0;
}
