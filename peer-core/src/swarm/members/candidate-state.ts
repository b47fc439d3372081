import { invariant } from "../../base/invariant.js";
import { backoffMs } from "../../base/backoff.js";

/**
 * Where an address stands: known → dialing → connected → cooling-down → dialing; any → banned. `failures` counts those
 * in a row.
 */
export type CandidateState =
  | { readonly kind: "known"; readonly failures: 0 }
  | { readonly kind: "dialing"; readonly failures: number }
  | { readonly kind: "connected"; readonly failures: number; readonly since: number }
  | { readonly kind: "cooling-down"; readonly failures: number; readonly until: number }
  | { readonly kind: "banned"; readonly until: number };

export type CandidateInput =
  | { readonly kind: "dial" }
  | { readonly kind: "opened" }
  /** The dial failed, or the link that it gave is gone. */
  | { readonly kind: "lost" }
  | { readonly kind: "ban"; readonly until: number };

const FIRST_REDIAL_MS = 1_000;
const LONGEST_REDIAL_MS = 5 * 60_000;
/** A link that lasted this long was a good one: its loss starts the waits anew. */
const GOOD_LINK_MS = 30_000;

export const KNOWN: CandidateState = { kind: "known", failures: 0 };

/** When the address may be dialled; undefined while it must not. */
export function dialableAt(state: CandidateState): number | undefined {
  switch (state.kind) {
    case "known":
      return Number.NEGATIVE_INFINITY;
    case "cooling-down":
    case "banned":
      return state.until;
    case "dialing":
    case "connected":
      return undefined;
  }
}

/** The one transition function; an impossible pair is our bug. */
export function nextCandidateState(
  state: CandidateState,
  input: CandidateInput,
  context: { readonly now: number; readonly random: { float(): number } },
): CandidateState {
  switch (input.kind) {
    case "ban":
      return { kind: "banned", until: input.until };
    case "dial":
      invariant(dialableAt(state) !== undefined, `an address that is ${state.kind} is not dialled`);
      return { kind: "dialing", failures: state.kind === "cooling-down" ? state.failures : 0 };
    case "opened":
      invariant(state.kind === "dialing", `an address that is ${state.kind} does not open`);
      return { kind: "connected", failures: state.failures, since: context.now };
    case "lost": {
      if (state.kind === "banned") return state;
      invariant(
        state.kind === "dialing" || state.kind === "connected",
        `an address that is ${state.kind} cannot be lost`,
      );
      const wasGood = state.kind === "connected" && context.now - state.since >= GOOD_LINK_MS;
      const failures = wasGood ? 1 : state.failures + 1;
      const waitMs = backoffMs(failures, context.random, FIRST_REDIAL_MS, LONGEST_REDIAL_MS);
      return { kind: "cooling-down", failures, until: context.now + waitMs };
    }
  }
}
