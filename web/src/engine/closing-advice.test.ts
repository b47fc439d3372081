import { describe, expect, it } from "vitest";
import { closingAdvice } from "./closing-advice.js";
import { peerOf } from "./testing/peer-of.js";

describe("closingAdvice", () => {
  it("needs the tab while nobody else has all of it", () => {
    expect(closingAdvice([], 0)).toEqual({ kind: "needed" });
    expect(closingAdvice([peerOf({ share: 0.9 })], 0)).toEqual({ kind: "needed" });
  });

  it("does not count a seed that others cannot dial", () => {
    expect(closingAdvice([peerOf({ isSeed: true, inbound: true })], 0)).toEqual({ kind: "needed" });
    expect(closingAdvice([peerOf({ isSeed: true, isDialable: false })], 0)).toEqual({ kind: "needed" });
  });

  it("counts a seed that was dialled", () => {
    expect(closingAdvice([peerOf({ isSeed: true })], 0)).toEqual({
      kind: "safe",
      by: ["seed.example"],
      untilMs: undefined,
    });
  });

  it("counts a relay for as long as it promises, and no relay that promises nothing", () => {
    const relay = { isRelay: true, isSeed: true, label: "wss://hub.example/peer" };
    expect(closingAdvice([peerOf(relay)], 1_000)).toEqual({ kind: "needed" });
    expect(closingAdvice([peerOf({ ...relay, keptUntilMs: 1_000 })], 1_000)).toEqual({ kind: "needed" });
    expect(closingAdvice([peerOf({ ...relay, keptUntilMs: 5_000 })], 1_000)).toEqual({
      kind: "safe",
      by: ["hub.example"],
      untilMs: 5_000,
    });
  });
});
