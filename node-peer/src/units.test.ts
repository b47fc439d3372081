import { describe, expect, it } from "vitest";
import * as units from "./units.js";
import { UsageError } from "./usage-error.js";

describe("units", () => {
  it.each([
    ["0", 0],
    ["512", 512],
    ["64K", 65_536],
    ["2m", 2_097_152],
    ["1.5G", 1_610_612_736],
    ["3 MiB", 3_145_728],
    ["1kb", 1_024],
  ])("reads the size %s", (text, bytes) => {
    expect(units.parseSize(text)).toBe(bytes);
  });

  it.each(["", "K", "-1", "1X", "1e3", "0x10", "99999999T", "1..5"])("refuses the size %j", (text) => {
    expect(() => units.parseSize(text)).toThrow(UsageError);
  });

  it.each([
    ["500ms", 500],
    ["90", 90_000],
    ["60s", 60_000],
    ["1.5m", 90_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
  ])("reads the duration %s", (text, ms) => {
    expect(units.parseDuration(text)).toBe(ms);
  });

  it.each(["", "s", "-5s", "5w", "1:30"])("refuses the duration %j", (text) => {
    expect(() => units.parseDuration(text)).toThrow(UsageError);
  });

  it("reads rates with and without /s, ports and ratios", () => {
    expect(units.parseRate("2M/s")).toBe(2_097_152);
    expect(units.parseRate("500K")).toBe(512_000);
    expect(units.parsePort("65535")).toBe(65_535);
    expect(() => units.parsePort("65536")).toThrow(UsageError);
    expect(units.parseRatio("2.5")).toBe(2.5);
    expect(() => units.parseRatio("x")).toThrow(UsageError);
  });

  it("writes sizes and durations for people", () => {
    expect([0, 999, 1024, 1_500_000, 10_485_760, 2 ** 40].map(units.formatSize)).toEqual([
      "0 B",
      "999 B",
      "1.00 KiB",
      "1.43 MiB",
      "10.0 MiB",
      "1.00 TiB",
    ]);
    expect([0, 1_500, 60_000, 3_661_000, 90_000_000].map(units.formatDuration)).toEqual([
      "0s",
      "1.5s",
      "1m 0s",
      "1h 1m",
      "1d 1h",
    ]);
    expect([
      units.formatCount(1, "peer"),
      units.formatCount(1_234, "peer"),
      units.formatCount(2, "leech", "leeches"),
    ]).toEqual(["1 peer", "1,234 peers", "2 leeches"]);
  });
});
