import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../testing/seeded-random.js";
import { dialableAt, KNOWN, nextCandidateState, type CandidateInput, type CandidateState } from "./candidate-state.js";

const NOW = 100_000;
const STATES: Record<CandidateState["kind"], CandidateState> = {
  known: KNOWN,
  dialing: { kind: "dialing", failures: 2 },
  connected: { kind: "connected", failures: 2, since: NOW - 1_000 },
  "cooling-down": { kind: "cooling-down", failures: 2, until: NOW + 1 },
  banned: { kind: "banned", until: NOW + 5 },
};
const INPUTS: Record<CandidateInput["kind"], CandidateInput> = {
  dial: { kind: "dial" },
  opened: { kind: "opened" },
  lost: { kind: "lost" },
  ban: { kind: "ban", until: NOW + 9 },
};
/** What each pair leads to; what is not listed is a bug. */
const EDGES: Partial<Record<CandidateState["kind"], Partial<Record<CandidateInput["kind"], object>>>> = {
  known: { dial: { kind: "dialing", failures: 0 }, ban: { kind: "banned", until: NOW + 9 } },
  dialing: {
    opened: { kind: "connected", failures: 2, since: NOW },
    lost: { kind: "cooling-down", failures: 3 },
    ban: { kind: "banned", until: NOW + 9 },
  },
  connected: { lost: { kind: "cooling-down", failures: 3 }, ban: { kind: "banned", until: NOW + 9 } },
  "cooling-down": { dial: { kind: "dialing", failures: 2 }, ban: { kind: "banned", until: NOW + 9 } },
  banned: {
    dial: { kind: "dialing", failures: 0 },
    lost: { kind: "banned", until: NOW + 5 },
    ban: { kind: "banned", until: NOW + 9 },
  },
};
const PAIRS = Object.values(STATES).flatMap((state) =>
  Object.values(INPUTS).map((input): [CandidateState["kind"], CandidateInput["kind"]] => [state.kind, input.kind]),
);

function next(state: CandidateState, input: CandidateInput, now = NOW, float = 1): CandidateState {
  return nextCandidateState(state, input, { now, random: { float: () => float } });
}

describe("a candidate's state", () => {
  it.each(PAIRS)("from %s on %s leads where it should, or is a bug", (state, input) => {
    const expected = EDGES[state]?.[input];
    const move = () => next(STATES[state], INPUTS[input]);
    if (expected === undefined) expect(move).toThrow("Invariant");
    else expect(move()).toMatchObject(expected);
  });

  it("waits twice as long after each failure, up to five minutes", () => {
    let state: CandidateState = KNOWN;
    const waits: number[] = [];
    for (let turn = 0; turn < 11; turn++) {
      state = next(next(state, INPUTS.dial), INPUTS.lost);
      waits.push((dialableAt(state) ?? 0) - NOW);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000));
  });

  it("waits at random within nearly the whole of that time", () => {
    const random = seededRandom(9);
    const waits = Array.from({ length: 200 }, () => {
      const state = nextCandidateState({ kind: "dialing", failures: 5 }, INPUTS.lost, { now: 0, random });
      return dialableAt(state) ?? 0;
    });
    expect(Math.min(...waits)).toBeLessThan(8_000);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(3_200);
    expect(Math.max(...waits)).toBeGreaterThan(28_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(32_000);
  });

  it("starts the waits anew after a link that lasted 30 s", () => {
    const lasted = (ms: number): CandidateState => ({ kind: "connected", failures: 6, since: NOW - ms });
    expect(next(lasted(30_000), INPUTS.lost)).toMatchObject({ failures: 1, until: NOW + 1_000 });
    expect(next(lasted(29_999), INPUTS.lost)).toMatchObject({ failures: 7 });
  });

  it("may be dialled at once when known, later when cooling down or banned, never while in use", () => {
    expect(dialableAt(STATES.known)).toBe(Number.NEGATIVE_INFINITY);
    expect([dialableAt(STATES["cooling-down"]), dialableAt(STATES.banned)]).toEqual([NOW + 1, NOW + 5]);
    expect([dialableAt(STATES.dialing), dialableAt(STATES.connected)]).toEqual([undefined, undefined]);
  });
});
