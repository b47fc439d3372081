import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { exampleGet, exampleState } from "./state-fixture.js";
import { StateSettler } from "./state-settler.js";

let shown: number[] = [];
let settler: StateSettler;

beforeEach(() => {
  vi.useFakeTimers();
  shown = [];
  settler = new StateSettler((state) => shown.push(state.gets[0]?.doneBytes ?? -1));
});

afterEach(() => {
  vi.useRealTimers();
});

function offer(doneBytes: number, kind: "getting" | "paused" = "getting"): void {
  const state = kind === "getting" ? { kind, etaSeconds: undefined } : { kind };
  settler.offer(exampleState({ gets: [exampleGet({ doneBytes, state })] }));
}

test("figures come once a second, the newest of them", () => {
  offer(1);
  offer(2);
  offer(3);
  expect(shown).toEqual([1]);
  vi.advanceTimersByTime(1_000);
  expect(shown).toEqual([1, 3]);
  vi.advanceTimersByTime(5_000);
  expect(shown).toEqual([1, 3]);
  offer(4);
  expect(shown).toEqual([1, 3, 4]);
});

test("a change of kind comes at once", () => {
  offer(1);
  offer(2, "paused");
  expect(shown).toEqual([1, 2]);
});
