import { describe, expect, it } from "vitest";
import { isShoalError, messageOf, ShoalError } from "./errors.js";
import { assertNever, invariant } from "./invariant.js";

describe("ShoalError", () => {
  it("is told by its code, and keeps what caused it", () => {
    const cause = new Error("inner");
    const error = new ShoalError("disk", "outer", { cause });
    expect([isShoalError(error), isShoalError(error, "disk"), isShoalError(error, "wire")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(error).toMatchObject({ name: "ShoalError", code: "disk", message: "outer", cause });
    expect([isShoalError(cause), isShoalError("disk")]).toEqual([false, false]);
  });

  it("has a text for anything thrown", () => {
    expect([messageOf(new Error("a")), messageOf("b"), messageOf(undefined)]).toEqual(["a", "b", "undefined"]);
  });
});

describe("our own bugs", () => {
  it("are loud", () => {
    expect(() => invariant(false, "one and one")).toThrow("Invariant broken: one and one");
    expect(() => invariant(true, "never seen")).not.toThrow();
    expect(() => assertNever({ kind: "odd" } as never)).toThrow('{"kind":"odd"}');
  });
});
