import { expect, test } from "vitest";
import { drawPlan, FAULT_KINDS } from "./fault-plan.js";
import { VICTIMS } from "./world.js";

const OPTIONS = { seed: 7, faults: 400, gapMs: 1000, lengthsMs: [500, 4000], victims: VICTIMS };

test("the same seed draws the same faults, and another one others", () => {
  expect(drawPlan(OPTIONS)).toEqual(drawPlan(OPTIONS));
  expect(drawPlan({ ...OPTIONS, seed: 8 })).not.toEqual(drawPlan(OPTIONS));
});

test("every kind of fault and every victim is drawn", () => {
  const plan = drawPlan(OPTIONS);
  expect(new Set(plan.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
  expect(new Set(plan.map(({ victim }) => victim))).toEqual(new Set(VICTIMS.map(({ name }) => name)));
  const gapMs = plan.reduce((sum, fault) => sum + fault.gapMs, 0) / plan.length;
  expect(gapMs).toBeGreaterThan(0.9 * OPTIONS.gapMs);
  expect(gapMs).toBeLessThan(1.1 * OPTIONS.gapMs);
});

test("kinds that cannot be brought about are left out", () => {
  const plan = drawPlan({ ...OPTIONS, without: ["disk-full"] });
  expect(plan.some(({ kind }) => kind === "disk-full")).toBe(false);
});

test("no link is lost so late that nobody can notice in time, and hubs run through the last part", () => {
  const plan = drawPlan(OPTIONS);
  const late = plan.slice(0.7 * OPTIONS.faults + 1);
  expect(late.some(({ kind }) => kind === "half-open" || kind === "one-way")).toBe(false);
  const ends = late.filter(
    ({ role, kind }) => (role === "hub" || role === "relay") && /kill|restart|torn|flip/.test(kind),
  );
  expect(ends).toEqual([]);
});
