import { ShoalError } from "@shoal/peer-core/torrent";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { publishUntilHeard } from "./publish.js";
import { testShare } from "./testing/test-share.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const share = await testShare([10]);

/** A hub that gives these answers one after the other. */
function hub(...answers: (string | ShoalError)[]) {
  let asked = 0;
  return {
    asked: () => asked,
    publish: () => {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      return answer instanceof ShoalError ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
}

const away = new ShoalError("tracker", "no answer");
const { signal } = new AbortController();

it("goes on asking a hub that is away, ever more rarely", async () => {
  const catalogue = hub(away, away, away, "token");
  const published = publishUntilHeard(catalogue, share.metainfo, true, signal);
  await vi.advanceTimersByTimeAsync(2_999);
  expect(catalogue.asked()).toBe(2);
  await vi.advanceTimersByTimeAsync(4_001);
  expect(await published).toBe("token");
});

it("takes a refusal for an answer", async () => {
  const refused = new ShoalError("tracker", "The hub says 403", { retryAfterMs: Infinity });
  await expect(publishUntilHeard(hub(refused), share.metainfo, true, signal)).rejects.toBe(refused);
});

it("ends when nobody wants it any more", async () => {
  const wanted = new AbortController();
  const catalogue = hub(away);
  const published = publishUntilHeard(catalogue, share.metainfo, true, wanted.signal);
  const ended = expect(published).rejects.toBe("enough");
  await vi.advanceTimersByTimeAsync(10);
  wanted.abort("enough");
  await vi.advanceTimersByTimeAsync(60_000);
  await ended;
  expect(catalogue.asked()).toBe(1);
});
