import { encodeBencode } from "@shoal/peer-core/torrent";
import { randomBytes } from "node:crypto";
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { killCommands, RunningCommand, runCommand, type CommandResult } from "../support/command.js";

let folder = "";
let hub: RunningCommand;
let port = "";
let tracker = "";
let deadTracker = "";
let babbler: Server;
let babblingTracker = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-cli-"));
  hub = new RunningCommand([
    "serve",
    "--host",
    "127.0.0.1",
    "--port",
    "0",
    "--json",
    "--data",
    join(folder, ".hub"),
    "--announce-rate",
    "0",
  ]);
  port = String((await hub.event("serving")).port);
  tracker = `ws://localhost:${port}/announce`;
  babbler = createServer((_request, response) => response.end("<html>who is there?</html>"));
  babblingTracker = `ws://localhost:${await listen(babbler)}/announce`;
  const gone = createServer();
  deadTracker = `ws://localhost:${await listen(gone)}/announce`;
  gone.close();
});

afterAll(async () => {
  babbler.close();
  await hub.stop();
  await killCommands();
  await rm(folder, { recursive: true, force: true });
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return (server.address() as AddressInfo).port;
}

async function run(...args: string[]): Promise<CommandResult> {
  const env = { SHOAL_TRACKERS: tracker, SHOAL_DATA: join(folder, ".data") };
  const result = await runCommand(args, { cwd: folder, env });
  // Whatever goes wrong is told in a few lines, without a stack trace.
  expect(result.stderr).not.toMatch(/^\s+at /m);
  return result;
}

/** A .torrent file made of raw fields, whatever they are worth. */
async function torrent(name: string, info: Readonly<Record<string, unknown>>): Promise<string> {
  const fields = { "piece length": 32_768, pieces: new Uint8Array(20), ...info };
  const toMap = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(toMap);
    const isRecord = typeof value === "object" && value !== null && !(value instanceof Uint8Array);
    return isRecord ? new Map(Object.entries(value).map(([key, field]) => [key, toMap(field)])) : value;
  };
  const bytes = encodeBencode(toMap({ info: fields }) as Parameters<typeof encodeBencode>[0]);
  await writeFile(join(folder, name), bytes);
  return name;
}

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

describe("what is asked for", () => {
  it("ends with 3 for a name that nobody shares, with names that are close", async () => {
    const upload = new RunningCommand(["upload", "lone.txt", "--json"], {
      cwd: folder,
      env: { SHOAL_TRACKERS: tracker },
    });
    await upload.event("shared");
    const result = await run("download", "lone");
    expect(result).toMatchObject({ code: 3 });
    expect(result.stderr).toContain('"lone.txt"');
    expect((await run("download", "nothing of the kind")).code).toBe(3);
    expect((await run("info", "nothing of the kind")).code).toBe(3);
    await upload.stop();
  });

  it("asks for the info-hash when several shares have one name", async () => {
    const hashes: string[] = [];
    const uploads: RunningCommand[] = [];
    for (const sub of ["first", "second"]) {
      await mkdir(join(folder, sub));
      await writeFile(join(folder, sub, "twin.txt"), `I am the ${sub}`);
      const upload = new RunningCommand(["upload", `${sub}/twin.txt`, "--json"], {
        cwd: folder,
        env: { SHOAL_TRACKERS: tracker },
      });
      uploads.push(upload);
      hashes.push(String((await upload.event("shared")).infoHash));
    }
    const result = await run("download", "twin.txt", "-o", "twins");
    expect(result.code).toBe(3);
    for (const hash of hashes) expect(result.stderr).toContain(hash);
    expect((await run("download", hashes[1] ?? "", "-o", "twins")).code).toBe(0);
    for (const upload of uploads) await upload.stop();
  });

  it("ends with 4 when nobody has it in time, whether or not it is known", async () => {
    const unknown = await run("download", randomBytes(20).toString("hex"), "--timeout", "1s");
    expect(unknown.code).toBe(4);
    expect(unknown.stderr).toContain("--timeout");
    await writeFile(join(folder, "left.txt"), "left behind");
    expect((await run("upload", "left.txt", "--until-time", "1s")).code).toBe(0);
    expect((await run("download", "left.txt", "-o", "out", "--timeout", "1s")).code).toBe(4);
  });

  it("ends with 1 when no tracker can be reached", async () => {
    for (const url of [deadTracker, babblingTracker]) {
      const byName = await run("download", "lone.txt", "--tracker", url);
      expect(byName).toMatchObject({ code: 1 });
      expect(byName.stderr).toContain("--tracker");
      expect((await run("download", randomBytes(20).toString("hex"), "--tracker", url, "--timeout", "20s")).code).toBe(
        1,
      );
      expect((await run("search", "--tracker", url)).code).toBe(1);
      expect((await run("client", "localhost", new URL(url).port)).code).toBe(1);
    }
  });

  it("refuses malformed and unsafe metainfo before anything is made", async () => {
    await writeFile(join(folder, "garbage.torrent"), "garbage");
    const files = (...paths: string[][]) => paths.map((path) => ({ length: 1, path }));
    const bad = [
      "garbage.torrent",
      "./missing.torrent",
      await torrent("traversal.torrent", { name: "../up", length: 1 }),
      await torrent("absolute.torrent", { name: "/etc/passwd", length: 1 }),
      await torrent("reserved.torrent", { name: ".shoal-x", length: 1 }),
      await torrent("deep.torrent", { name: "d", files: files(["..", "..", "x"]) }),
      await torrent("twice.torrent", { name: "d", files: files(["x"], ["x"]) }),
      await torrent("both.torrent", { name: "d", files: files(["x"], ["x", "y"]) }),
      await torrent("long.torrent", { name: "n".repeat(300), length: 1 }),
      await torrent("control.torrent", { name: "a\u001b[2Jb", length: 1 }),
    ];
    for (const file of bad) {
      const result = await run("download", file, "-o", "unsafe");
      expect(result, file).toMatchObject({ code: 1, stdout: "" });
      expect(result.stderr, file).not.toContain("\u001b");
    }
    await expect(readdir(join(folder, "unsafe"))).rejects.toThrow("ENOENT");
  });

  it("ends with 5 when those who have it send something else", async () => {
    const path = join(folder, "rotten.bin");
    const longAgo = new Date("2020-01-01T00:00:00Z");
    const upload = async (...args: string[]) => {
      await writeFile(path, randomBytes(100_000));
      // Size, time and inode stay: what was hashed the first time is believed the second time.
      await utimes(path, longAgo, longAgo);
      const env = { SHOAL_TRACKERS: tracker, SHOAL_DATA: join(folder, ".data") };
      return new RunningCommand(["upload", "rotten.bin", "--json", ...args], { cwd: folder, env });
    };
    const honest = await (await upload("--until-time", "0s")).finished;
    expect(honest.code).toBe(0);
    const rotten = await upload();
    const { infoHash } = await rotten.event("shared");
    expect(honest.stdout).toContain(String(infoHash));
    const result = await run("download", "rotten.bin", "-o", "rot", "--timeout", "2s");
    expect(result).toMatchObject({ code: 5, stdout: "" });
    await rotten.stop();
  });

  it("ends with 6 when the folder cannot be made", async () => {
    const upload = new RunningCommand(["upload", "lone.txt", "--json"], {
      cwd: folder,
      env: { SHOAL_TRACKERS: tracker },
    });
    await upload.event("shared");
    const result = await run("download", "lone.txt", "-o", "left.txt/below");
    expect(result).toMatchObject({ code: 6, stdout: "" });
    await upload.stop();
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
