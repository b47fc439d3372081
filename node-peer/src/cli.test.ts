import { describe, expect, it } from "vitest";
import { optionNames, parseCommandLine } from "./cli.js";
import { UsageError } from "./usage-error.js";

async function parse(...argv: string[]) {
  const parsed = await parseCommandLine(argv, "1.2.3");
  if (parsed.kind !== "command") throw new Error(`Not a command: ${parsed.text}`);
  return parsed.line;
}

describe("the command line", () => {
  it("takes common options before and after the command", async () => {
    const line = await parse(
      "--json",
      "download",
      "a",
      "b",
      "--tracker",
      "ws://one",
      "-o",
      "out",
      "--tracker",
      "ws://two",
    );
    expect(line.spec.name).toBe("download");
    expect(line.args).toEqual(["a", "b"]);
    expect(line.flags).toMatchObject({ json: true, output: "out", tracker: ["ws://one", "ws://two"] });
  });

  it("knows the other names of commands", async () => {
    for (const name of ["seed", "share"]) expect((await parse(name, "x")).spec.name).toBe("upload");
    expect((await parse("get", "x")).spec.name).toBe("download");
  });

  it("tells --no-listen from --listen and from neither", async () => {
    expect((await parse("upload", "x", "--no-listen")).flags).toMatchObject({ listen: false });
    expect((await parse("upload", "x", "--listen", "6881")).flags).toMatchObject({ listen: "6881" });
    expect((await parse("upload", "x")).flags.listen).toBeUndefined();
  });

  it("takes how a hub's relay is to be run, and further authorities of any command", async () => {
    const relay = ["--relay", "any", "--cache", "1G", "--keep", "1M", "--keep-time", "2d", "--tracker", "ws://x"];
    expect((await parse("serve", ...relay, "--ca", "x.pem")).flags).toMatchObject({
      relay: "any",
      cache: "1G",
      keep: "1M",
      keepTime: "2d",
      tracker: ["ws://x"],
      ca: "x.pem",
    });
  });

  it("gives brief help with examples for every command", async () => {
    for (const name of ["serve", "tracker", "upload", "download", "search", "info", "create", "client"]) {
      const parsed = await parseCommandLine([name, "--help"], "1.2.3");
      expect(parsed.kind === "text" && parsed.text).toContain("Examples:");
    }
    expect(await parseCommandLine(["--version"], "1.2.3")).toEqual({ kind: "text", text: "1.2.3" });
  });

  it.each([
    [["downlod", "x"], "Did you mean download?"],
    [["download", "x", "--bogus"], "--bogus"],
    [["download"], "missing required argument"],
    [["client", "localhost"], "missing required argument"],
    [["serve", "extra"], "too many arguments"],
    [["upload", "x", "--private"], "--private is not available yet"],
    [["upload", "x", "--password-file", "f"], "not available yet"],
    [["tracker", "8000", "--store", "redis://localhost"], "not available yet"],
    [[], "--help"],
  ])("refuses %j", async (argv, said) => {
    const parsing = parseCommandLine(argv, "1.2.3");
    await expect(parsing).rejects.toThrow(UsageError);
    await expect(parsing).rejects.toThrow(said);
  });

  it("names the options that a configuration file may hold", () => {
    expect([...optionNames()]).toEqual(
      expect.arrayContaining(["tracker", "up", "listen", "untilRatio", "keepSeeding"]),
    );
    expect(optionNames().has("private")).toBe(false);
  });
});
