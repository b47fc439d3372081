import { describe, expect, it } from "vitest";
import { RemoteWants } from "./remote-wants.js";

const wireError = expect.objectContaining({ name: "ShoalError", code: "wire" }) as Error;

describe("RemoteWants", () => {
  it("keeps the last word until the piece count is known, and checks it then", () => {
    const wants = new RemoteWants();
    wants.onWant(new Uint8Array([0xff]), 0);
    wants.onWant(new Uint8Array([0b1010_0000]), 1);
    expect(wants.bitfield).toBeUndefined();
    wants.adopt(4);
    expect([...(wants.bitfield?.indexes() ?? [])]).toEqual([0, 2]);
  });

  it("rejects a wrong length and spare bits, early or late", () => {
    for (const bits of [[0xff, 0], [0b0000_1000], []]) {
      const early = new RemoteWants();
      early.onWant(new Uint8Array(bits), 0);
      expect(() => early.adopt(4)).toThrow(wireError);
      const late = new RemoteWants();
      late.adopt(4);
      expect(() => late.onWant(new Uint8Array(bits), 0)).toThrow(wireError);
    }
  });

  it("bears what a stalled link delivers at once, and no flood", () => {
    const wants = new RemoteWants();
    wants.adopt(8);
    for (let i = 0; i < 64; i++) wants.onWant(new Uint8Array([i]), 0);
    expect(() => wants.onWant(new Uint8Array([1]), 0)).toThrow(wireError);
    const patient = new RemoteWants();
    patient.adopt(8);
    for (let i = 0; i < 1_000; i++) patient.onWant(new Uint8Array([i & 0xff]), i * 1_000);
    expect([...(patient.bitfield?.indexes() ?? [])]).toHaveLength(6);
  });
});
