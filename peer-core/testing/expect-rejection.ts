import { expect } from "vitest";
import { isShoalError, type ErrorCode } from "../src/index.js";

/** Holds a promise to be rejected with a ShoalError of this code, whose message contains `text`. */
export async function expectRejection(promise: Promise<unknown>, code: ErrorCode, text = ""): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isShoalError(error, code) ? code : error).toBe(code);
  expect(String(error)).toContain(text);
}
