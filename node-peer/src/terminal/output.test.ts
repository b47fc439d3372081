import { ShoalError } from "@shoal/peer-core";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { clip, LiveLines } from "./live-lines.js";
import { Output, type OutputOptions } from "./output.js";

class Screen extends Writable {
  text = "";
  rows = 24;
  columns = 40;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function write(options: Partial<OutputOptions>, run: (output: Output) => void): { out: string; err: string } {
  const [out, err] = [new Screen(), new Screen()];
  const output = new Output(out as unknown as NodeJS.WriteStream, err as unknown as NodeJS.WriteStream);
  output.configure({ json: false, quiet: false, verbose: false, color: false, ...options });
  run(output);
  return { out: out.text, err: err.text };
}

function everything(output: Output): void {
  output.print("data");
  output.note("note");
  output.detail("detail");
  output.warn("limit", "careful");
  output.event({ event: "skipped", infoHash: "h", path: "p" });
  output.error(new ShoalError("disk", "no room\nmake some"));
}

describe("output", () => {
  it("puts data on stdout and words on stderr", () => {
    expect(write({}, everything)).toEqual({
      out: "data\n",
      err: "note\nwarning: careful\nshoal: no room\nmake some\n",
    });
  });

  it("leaves data and errors when quiet", () => {
    expect(write({ quiet: true }, everything)).toEqual({ out: "data\n", err: "shoal: no room\nmake some\n" });
  });

  it("puts events alone on stdout with --json", () => {
    const { out, err } = write({ json: true }, everything);
    const events = out
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(["warning", "skipped", "error"]);
    expect(err).toBe("warning: careful\nshoal: no room\nmake some\n");
  });

  it("shows stack and cause only when verbose", () => {
    const error = new ShoalError("disk", "no room", { cause: new Error("ENOSPC") });
    expect(write({}, (output) => output.error(error)).err).toBe("shoal: no room\n");
    expect(write({ verbose: true }, (output) => output.error(error)).err).toMatch(/ENOSPC[\s\S]* at /);
  });

  it("lets nobody else's words steer the terminal", () => {
    const { err } = write({}, (output) => {
      output.warn("x", "a\u001b[2Jb\u202ec");
      output.error(new ShoalError("link", "d\u0007e"));
    });
    expect(err).toBe("warning: a\\u{1b}[2Jb\\u{202e}c\nshoal: d\\u{7}e\n");
  });

  it("warns of a lasting trouble once, and of its end", () => {
    const { err } = write({}, (output) => {
      for (let attempt = 0; attempt < 3; attempt++) output.warnOnce("t", "tracker", "t is down");
      for (let attempt = 0; attempt < 2; attempt++) output.ended("t", "t is back");
      output.warnOnce("t", "tracker", "t is down");
    });
    expect(err).toBe("warning: t is down\nt is back\nwarning: t is down\n");
  });

  it("colours only when asked to", () => {
    expect(write({ color: true }, (output) => output.warn("x", "y")).err).toBe("\u001b[33mwarning:\u001b[0m y\n");
  });
});

describe("live lines", () => {
  it("are redrawn in place and never wrap", () => {
    const screen = new Screen();
    const live = new LiveLines(screen as never);
    live.show(["one", "x".repeat(60)]);
    live.show(["two"]);
    expect(screen.text).toBe(`one\n${"x".repeat(38)}…\r\u001b[1A\u001b[Jtwo`);
  });

  it("say how many did not fit", () => {
    const screen = new Screen();
    screen.rows = 4;
    new LiveLines(screen as never).show(["1", "2", "3", "4", "5"]);
    expect(screen.text).toBe("1\n2\n… and 3 more");
  });

  it("count wide characters as two columns", () => {
    expect(clip("日本語テスト", 7)).toBe("日本語…");
    expect(clip("short", 7)).toBe("short");
  });
});
