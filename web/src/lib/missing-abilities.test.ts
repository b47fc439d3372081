import { expect, test } from "vitest";
import { missingAbilities } from "./missing-abilities.js";
import { texts } from "./texts.js";

const all = { isSecure: true, hasOpfs: true, hasLocks: true, hasWebCrypto: true };

test("a secure page lacks nothing that its address could give", () => {
  expect(missingAbilities({ ...all, hasOpfs: false })).toEqual([]);
});

test("plain http names exactly what is missing", () => {
  expect(missingAbilities({ ...all, isSecure: false, hasOpfs: false })).toEqual([
    texts.notices.noOpfs,
    texts.notices.noPickers,
  ]);
});
