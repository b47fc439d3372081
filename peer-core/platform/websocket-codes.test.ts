import { describe, expect, it } from "vitest";
import { codeForBrowser, codeFromWire, fitReason } from "./websocket-codes.js";

describe("close codes", () => {
  it("come back as they were meant, and a page may send every one of them", () => {
    for (const code of [1000, 1001, 1002, 1006, 1009, 1015, 4000, 4001, 4006]) {
      const sent = codeForBrowser(code);
      expect(sent === 1000 || (sent >= 3000 && sent <= 4999)).toBe(true);
      expect(codeFromWire(sent)).toBe(code);
      expect(codeFromWire(code)).toBe(code);
    }
  });

  it("read a close without a code as a normal one", () => {
    expect(codeFromWire(1005)).toBe(1000);
  });
});

describe("fitReason", () => {
  it("cuts to 123 bytes between characters", () => {
    expect(fitReason("short")).toBe("short");
    expect(fitReason("x".repeat(200))).toBe("x".repeat(123));
    expect(fitReason("é".repeat(100))).toBe("é".repeat(61));
    expect(fitReason("🐟".repeat(100))).toBe("🐟".repeat(30));
  });
});
