import { appendFile, mkdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RunningCommand } from "../support/command.js";
import { useCommandHub, type CommandHub } from "../support/use-command-hub.js";

let folder = "";
let port = "";
let tracker = "";
let deadTracker = "";
let babblingTracker = "";
let run: CommandHub["run"];

useCommandHub((started) => ({ folder, port, tracker, deadTracker, babblingTracker, run } = started));

describe("what is typed", () => {
  it("ends with 2 when it cannot be meant", async () => {
    const cases: [string[], string][] = [
      [["downlod", "x"], "Did you mean download?"],
      [["download", "x", "--timeout", "soon"], "--timeout"],
      [["upload", "x", "--listen", "70000"], "--listen"],
      [["upload", "x", "--tracker", "gopher://x"], "not a tracker"],
      [["upload", "x", "--private"], "not available yet"],
      [["download", "magnet:?xt=urn:btih:zz"], "info-hash"],
      [["download", "http://localhost/#/s/123"], "INFOHASH"],
      [["download", "ftp://localhost/file"], "Expected"],
    ];
    for (const [args, said] of cases) {
      const result = await run(...args);
      expect(result, args.join(" ")).toMatchObject({ code: 2, stdout: "" });
      expect(result.stderr).toContain(said);
    }
  });

  it("prints its version and help, with examples, on standard output", async () => {
    expect((await run("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = await run("--help");
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("Examples:");
  });

  it("tells mistakes as events with --json", async () => {
    const result = await run("download", "x", "--json", "--bogus");
    expect(result.code).toBe(2);
    expect(JSON.parse(result.stdout)).toMatchObject({ event: "error", code: "usage" });
  });

  it("reads a configuration file below the environment, and refuses keys that it does not know", async () => {
    await writeFile(join(folder, "good.json"), JSON.stringify({ tracker: [deadTracker], limit: "nonsense" }));
    const good = await run("search", "--config", "good.json");
    expect(good).toMatchObject({ code: 2 });
    expect(good.stderr).toContain('"limit" in the configuration file');
    expect((await run("search", "--config", "good.json", "--limit", "3")).code).toBe(0);
    await writeFile(join(folder, "bad.json"), JSON.stringify({ trackr: [tracker] }));
    expect((await run("search", "--config", "bad.json")).stderr).toContain('unknown key "trackr"');
    expect((await run("search", "--config", "missing.json")).code).toBe(1);
  });
});

describe("what is shared", () => {
  it("ends with 1 when a path is missing, empty, or a loop of symbolic links", async () => {
    await mkdir(join(folder, "hollow"));
    await symlink("round", join(folder, "round"));
    for (const path of ["missing", "hollow", "round", "good.json/below"]) {
      const result = await run("upload", path);
      expect(result, path).toMatchObject({ code: 1, stdout: "" });
      expect(result.stderr, path).toContain(path);
      expect((await run("create", path)).code, path).toBe(1);
    }
  });

  it("ends with 1 when a file changes while it is hashed", async () => {
    const path = join(folder, "growing.bin");
    await writeFile(path, "");
    // Sparse: a second of hashing, no room on disk.
    await truncate(path, 1024 ** 3);
    const create = new RunningCommand(["create", "growing.bin", "--json"], { cwd: folder });
    await create.event("hashing");
    await appendFile(path, "more");
    expect((await create.finished).code).toBe(1);
    expect(create.events.at(-1)).toMatchObject({ event: "error", code: "source-changed" });
    await expect(readFile(`${path}.torrent`)).rejects.toThrow("ENOENT");
    await rm(path);
  });

  it("leaves symbolic links that lead out of a folder behind, with a warning", async () => {
    await mkdir(join(folder, "linked"));
    await writeFile(join(folder, "linked", "real"), "real");
    await symlink("/etc/hostname", join(folder, "linked", "out"));
    await symlink(".", join(folder, "linked", "again"));
    const result = await run("create", "linked");
    expect(result).toMatchObject({ code: 0, stdout: "linked.torrent\n" });
    expect(result.stderr).toContain("warning");
    expect((await run("info", "linked.torrent", "--json")).stdout).toContain(
      '"files":[{"index":0,"path":"real","size":4}]',
    );
    expect((await run("create", "linked")).code).toBe(6);
  });

  it("needs one tracker at least, and goes on with those that answer", async () => {
    await writeFile(join(folder, "lone.txt"), "lone");
    const none = await run("upload", "lone.txt", "--tracker", deadTracker);
    expect(none).toMatchObject({ code: 1, stdout: "" });
    expect(none.stderr).toContain("--tracker");
    const nonsense = await run("upload", "lone.txt", "--tracker", babblingTracker);
    expect(nonsense).toMatchObject({ code: 1, stdout: "" });
    const some = await run(
      "upload",
      "lone.txt",
      "--tracker",
      deadTracker,
      "--tracker",
      tracker,
      "--until-time",
      "1s",
      "--json",
    );
    expect(some.code).toBe(0);
    expect(some.stdout).toContain('"event":"shared"');
    expect(some.stdout).toContain('"event":"warning"');
  });

  it("says when a port is taken", async () => {
    for (const args of [
      ["serve", "--port", port],
      ["tracker", port],
      ["upload", "lone.txt", "--listen", port],
    ]) {
      const result = await run(...args);
      expect(result, args.join(" ")).toMatchObject({ code: 1 });
      expect(result.stderr).toContain(`Port ${port} is taken`);
    }
  });
});

describe("interruptions", () => {
  it("end an upload gracefully with 130: the tracker is told", async () => {
    const upload = new RunningCommand(["upload", "lone.txt", "--json"], {
      cwd: folder,
      env: { SHOAL_TRACKERS: tracker },
    });
    await upload.event("shared");
    const ended = await upload.stop();
    expect(ended.code).toBe(130);
    expect(ended.stdout).toContain('"event":"stopped"');
    expect((await run("download", "lone.txt", "-o", "late", "--timeout", "1s")).code).toBe(4);
  });
});
