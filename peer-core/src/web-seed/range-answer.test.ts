import { describe, expect, it } from "vitest";
import type { RangeAnswer } from "../ports/range-source.js";
import { judgeAnswer } from "./range-answer.js";

/** Bytes 100 to 199 of a file of 1,000; those of up to 500 may be read whole. */
const ASKED = { from: 100, until: 200, fileLength: 1_000, wholeFileBytes: 500 };

function answer(status: number, headers: Record<string, string> = {}): RangeAnswer {
  return { status, header: (name) => headers[name], read: () => Promise.resolve(undefined), cancel: () => undefined };
}

describe("judgeAnswer", () => {
  it.each(["bytes 100-199/1000", "bytes 100-199/*", "Bytes 100-199/1000 "])("takes exactly the range: %s", (range) => {
    expect(judgeAnswer(answer(206, { "content-range": range }), ASKED)).toEqual({ kind: "take", skip: 0 });
  });

  it.each(["", "bytes 100-198/1000", "bytes 0-199/1000", "bytes */1000", "100-199/1000", "bytes 100-199"])(
    "gives up on a server that answers another range: %s",
    (range) => {
      expect(judgeAnswer(answer(206, { "content-range": range }), ASKED).kind).toBe("unusable");
    },
  );

  it("does without a file that has another length there", () => {
    expect(judgeAnswer(answer(206, { "content-range": "bytes 100-199/999" }), ASKED)).toMatchObject({
      kind: "file",
      message: "the file there has 999 bytes, not 1000",
    });
    expect(judgeAnswer(answer(200, { "content-length": "999" }), ASKED).kind).toBe("file");
  });

  it("cuts a small file, or takes a whole one, where the server knows no ranges", () => {
    expect(judgeAnswer(answer(200), ASKED)).toMatchObject({
      kind: "unusable",
      message: "the server does not answer range requests",
    });
    expect(judgeAnswer(answer(200), { ...ASKED, wholeFileBytes: 1_000 })).toEqual({ kind: "take", skip: 100 });
    expect(judgeAnswer(answer(200), { ...ASKED, from: 0, until: 1_000 })).toEqual({ kind: "take", skip: 0 });
  });

  it("does not take encoded content", () => {
    const headers = { "content-range": "bytes 100-199/1000", "content-encoding": "gzip" };
    expect(judgeAnswer(answer(206, headers), ASKED).kind).toBe("unusable");
    expect(judgeAnswer(answer(206, { ...headers, "content-encoding": "identity" }), ASKED).kind).toBe("take");
  });

  it.each([
    ["120", 120_000],
    ["0", 0],
    ["1e9", 86_400_000],
    ["Fri, 31 Dec 1999 23:59:59 GMT", undefined],
    [undefined, undefined],
  ])("leaves a busy server alone: Retry-After %s", (retryAfter, retryAfterMs) => {
    const headers: Record<string, string> = retryAfter === undefined ? {} : { "retry-after": retryAfter };
    for (const status of [429, 503])
      expect(judgeAnswer(answer(status, headers), ASKED)).toMatchObject({ kind: "busy", retryAfterMs });
  });

  it("tells a file that is not there from a server in trouble", () => {
    for (const status of [401, 403, 404, 410, 416]) expect(judgeAnswer(answer(status), ASKED).kind).toBe("file");
    for (const status of [204, 500, 502, 0]) expect(judgeAnswer(answer(status), ASKED).kind).toBe("trouble");
  });
});
