import { describe, expect, it } from "vitest";
import { failuresOf, nextAnnouncerState, type AnnouncerInput, type AnnouncerState } from "./announcer-state.js";

const STATES: readonly AnnouncerState[] = [
  { kind: "idle" },
  { kind: "announcing", failures: 2 },
  { kind: "waiting", until: 10 },
  { kind: "backing-off", until: 10, failures: 3 },
  { kind: "stopped" },
];
const INPUTS: readonly AnnouncerInput[] = [
  { kind: "announce" },
  { kind: "answered", until: 20 },
  { kind: "failed", until: 20 },
  { kind: "stop" },
];
const STOPPED: AnnouncerState = { kind: "stopped" };
/** What each pair leads to; what is not listed is a bug. */
const EDGES: Partial<Record<string, AnnouncerState>> = {
  "idle announce": { kind: "announcing", failures: 0 },
  "waiting announce": { kind: "announcing", failures: 0 },
  "backing-off announce": { kind: "announcing", failures: 3 },
  "announcing answered": { kind: "waiting", until: 20 },
  "announcing failed": { kind: "backing-off", until: 20, failures: 3 },
  "waiting failed": { kind: "backing-off", until: 20, failures: 1 },
  "idle stop": STOPPED,
  "announcing stop": STOPPED,
  "waiting stop": STOPPED,
  "backing-off stop": STOPPED,
  "stopped stop": STOPPED,
};

describe("an announcer's state", () => {
  it.each(STATES.flatMap((state) => INPUTS.map((input) => ({ state, input, name: `${state.kind} ${input.kind}` }))))(
    "leads where it should, or is a bug: $name",
    ({ state, input, name }) => {
      const expected = EDGES[name];
      if (expected === undefined) expect(() => nextAnnouncerState(state, input)).toThrow("Invariant");
      else expect(nextAnnouncerState(state, input)).toEqual(expected);
    },
  );

  it("counts failures in a row", () => {
    expect(STATES.map(failuresOf)).toEqual([0, 2, 0, 3, 0]);
  });
});
