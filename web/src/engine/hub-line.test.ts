import { expect, it } from "vitest";
import { HubReach } from "./hub-line.js";

it("says since when the hub is away, and says each change once", () => {
  const reach = new HubReach();
  expect(reach.line).toEqual({ kind: "connecting" });
  expect([reach.note(false, 5), reach.note(false, 9)]).toEqual([true, false]);
  expect(reach.line).toEqual({ kind: "unreachable", sinceMs: 5 });
  expect([reach.note(true, 10), reach.note(true, 11)]).toEqual([true, false]);
  expect(reach.line).toEqual({ kind: "connected" });
});
