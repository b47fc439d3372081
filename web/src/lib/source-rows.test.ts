import { expect, test } from "vitest";
import type { PeerRow } from "../engine/messages.js";
import { breakable, sourceRows } from "./source-rows.js";

function peer(id: string): PeerRow {
  const figures = { downBytesPerSecond: 0, upBytesPerSecond: 0, downloaded: 0, uploaded: 0, share: 1 };
  return { id, label: `${id}.example`, kind: "seed", client: undefined, ...figures };
}

test("who is connected keeps the number of what they brought, and who has gone is named after them", () => {
  const sources = [
    { id: "gone", label: "gone.example", pieceCount: 3 },
    { id: "b", label: "b.example", pieceCount: 5 },
    { id: "overtaken", label: "", pieceCount: 0 },
    { id: "nameless", label: "", pieceCount: 9 },
  ];
  const rows = sourceRows([peer("a"), peer("b")], sources);
  expect(rows.map(({ id, number, pieceCount, peer: row }) => [id, number, pieceCount, row !== undefined])).toEqual([
    ["a", undefined, 0, true],
    ["b", 1, 5, true],
    ["nameless", 3, 9, false],
    ["gone", 0, 3, false],
  ]);
  expect(rows.map(({ name }) => name)).toEqual(["a.example", "b.example", "Somebody", "gone.example"]);
});

test("of many who have gone, those who brought most are named", () => {
  const sources = Array.from({ length: 50 }, (_, index) => ({ id: `${index}`, label: "x", pieceCount: index }));
  expect(sourceRows([], sources).map(({ id }) => id)).toEqual(["49", "48", "47", "46", "45", "44", "43", "42"]);
});

test("a host name breaks after its dots", () => {
  expect(breakable("seedbox.example.net")).toEqual(["seedbox.", "example.", "net"]);
});
