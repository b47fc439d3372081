import { expect, test } from "vitest";
import { cpuSeconds, parseRollup, parseSockets, privateMemory } from "./proc-fs.js";

test("adds up private pages, and knows which are anonymous", () => {
  const rollup = [
    "55a0-7ffe ---p 00000000 00:00 0      [rollup]",
    "Rss:               82000 kB",
    "Private_Clean:      1000 kB",
    "Private_Dirty:       500 kB",
    "Anonymous:           400 kB",
    "AnonHugePages:         0 kB",
  ].join("\n");
  expect(parseRollup(rollup)).toEqual({ privateBytes: 1500 * 1024, anonymousBytes: 400 * 1024 });
});

test("reads both ends of a connection", () => {
  const table = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0",
    "  11: 0000000000000000FFFF00000100007F:A3C2 0000000000000000FFFF00000100007F:1F40 01 00000000:0 00:0 0 0 0 2 1 0",
  ].join("\n");
  expect(parseSockets(table)).toEqual([
    { local: 8000, remote: 0, state: "0A" },
    { local: 41_922, remote: 8000, state: "01" },
  ]);
});

test("knows what this process costs, and nothing of one that is gone", () => {
  expect(cpuSeconds(process.pid)).toBeGreaterThan(0);
  expect(privateMemory(process.pid)?.privateBytes).toBeGreaterThan(1024 ** 2);
  expect(cpuSeconds(2 ** 22 + 1)).toBeUndefined();
  expect(privateMemory(2 ** 22 + 1)).toBeUndefined();
});
