import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isShoalError } from "../base/errors.js";
import { displayName, safeName } from "./safe-name.js";

const unsafe = expect.objectContaining({ name: "ShoalError", code: "unsafe-name" }) as Error;

describe("safeName", () => {
  it.each([
    "a",
    "photo 1.jpg",
    ".hidden",
    "...",
    "..a",
    "a..",
    "žluťoučký 🐴.txt",
    "a.part",
    "x".repeat(255),
    "~",
    "-rf",
  ])("returns %j unchanged on posix", (name) => {
    expect(safeName(name, "posix")).toBe(name);
  });

  it.each([
    ["the empty name", ""],
    ["the folder itself", "."],
    ["the parent folder", ".."],
    ["a path", "a/b"],
    ["an absolute path", "/etc/passwd"],
    ["a Windows path", "a\\b"],
    ["a parent on Windows", "..\\a"],
    ["NUL", "a\0b"],
    ["a newline", "a\nb"],
    ["a terminal escape", "\u001b[2J"],
    ["DEL", "a\u007f"],
    ["a C1 control", "a\u009b"],
    ["a lone surrogate", "a\ud800"],
    ["256 bytes", "x".repeat(256)],
    ["128 letters of two bytes", "é".repeat(128)],
    ["the name of a state file", ".shoal-0123.state"],
    ["the name of a state file in capitals", ".SHOAL-x"],
  ])("rejects %s on both platforms", (_, name) => {
    expect(() => safeName(name, "posix")).toThrow(unsafe);
    expect(() => safeName(name, "windows")).toThrow(unsafe);
  });

  it.each([
    "CON",
    "con",
    "nul.txt",
    "NUL .txt",
    "aux.tar.gz",
    "COM1",
    "lpt9.log",
    "com¹",
    "CONIN$",
    "conout$.x",
    "PRN ",
  ])("rejects the device %j on Windows only", (name) => {
    expect(() => safeName(name, "windows")).toThrow(unsafe);
    expect(safeName(name, "posix")).toBe(name);
  });

  it.each(["a.", "a ", "a:b", "a<b", "a>b", 'a"b', "a|b", "a?", "a*", "file::$DATA"])(
    "rejects %j on Windows only",
    (name) => {
      expect(() => safeName(name, "windows")).toThrow(unsafe);
      expect(safeName(name, "posix")).toBe(name);
    },
  );

  it.each(["CONFIG", "console.log", "com", "COM10", "lpt", "nulls", "a.con"])("accepts %j on Windows", (name) => {
    expect(safeName(name, "windows")).toBe(name);
  });

  it("returns a name that is one component or throws, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.constantFrom("posix", "windows"), (name, platform) => {
        try {
          expect(safeName(name, platform)).toBe(name);
          expect(name).not.toMatch(/^\.{0,2}$|[/\\\0]/);
        } catch (error) {
          if (!isShoalError(error, "unsafe-name")) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("displayName", () => {
  it("leaves ordinary text alone in every script", () => {
    for (const name of ["a b.txt", "žluťoučký kůň", "日本語", "العربية", "☀️", "👍🏽", "\\u{1b}"]) {
      expect(displayName(name)).toBe(name);
    }
  });

  it.each([
    ["terminal escapes", "a\u001b[2Jb", "a\\u{1b}[2Jb"],
    ["newlines", "a\r\nb", "a\\u{d}\\u{a}b"],
    ["C1 controls", "\u009b1m", "\\u{9b}1m"],
    ["overrides of direction", "exe.\u202etxt", "exe.\\u{202e}txt"],
    ["isolates of direction", "\u2066a\u2069", "\\u{2066}a\\u{2069}"],
    ["zero-width characters", "a\u200bb\ufeff", "a\\u{200b}b\\u{feff}"],
    ["line separators", "a\u2028b", "a\\u{2028}b"],
    ["invisible letters", "a\u3164b\u115f", "a\\u{3164}b\\u{115f}"],
    ["tags beyond the basic plane", "a\u{e0041}", "a\\u{e0041}"],
    ["lone surrogates", "a\ud800b", "a\\u{d800}b"],
  ])("escapes %s", (_, name, shown) => {
    expect(displayName(name)).toBe(shown);
  });

  it("never lets a control or format character through, and changes nothing the second time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        const shown = displayName(name);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Surrogate}]/u);
        expect(displayName(shown)).toBe(shown);
      }),
    );
  });
});
