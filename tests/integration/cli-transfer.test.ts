import { createHash, randomBytes } from "node:crypto";
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { killCommands, RunningCommand, runCommand, type CommandOptions } from "../support/command.js";
import { startCommandHub } from "../support/use-command-hub.js";

let folder = "";
let hub: RunningCommand;
let tracker = "";
const running: RunningCommand[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-cli-"));
  ({ hub, tracker } = await startCommandHub(join(folder, "hub")));
});

afterEach(async () => {
  for (const command of running.splice(0)) await command.stop();
});

afterAll(async () => {
  await hub.stop();
  await killCommands();
  await rm(folder, { recursive: true, force: true });
});

const MIB = 1024 * 1024;
const sha1 = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest();

/** Options for a command with its own data folder, at the test's hub. */
function at(cwd: string): CommandOptions {
  return { cwd, env: { SHOAL_TRACKERS: tracker, SHOAL_DATA: join(cwd, ".data") } };
}

async function emptyFolder(): Promise<string> {
  return await mkdtemp(join(folder, "case-"));
}

async function share(
  cwd: string,
  ...args: string[]
): Promise<{ command: RunningCommand; shared: Record<string, unknown> }> {
  const command = new RunningCommand(["upload", "--json", ...args], at(cwd));
  running.push(command);
  return { command, shared: await command.event("shared") };
}

describe("upload and download", () => {
  it("carries a file and a folder by name, link, magnet, info-hash and .torrent", async () => {
    const cwd = await emptyFolder();
    const content = randomBytes(700_000);
    await writeFile(join(cwd, "song.flac"), content);
    const { shared } = await share(cwd, "song.flac");
    expect(shared).toMatchObject({ name: "song.flac", size: 700_000, pieceLength: 32_768 });
    const torrent = await runCommand(["create", "song.flac", "-o", "song.torrent", "--json"], at(cwd));
    expect(torrent.code).toBe(0);
    const whats = ["song.flac", shared.link, shared.magnet, shared.infoHash, "song.torrent"].map(String);
    for (const [index, what] of whats.entries()) {
      const result = await runCommand(["download", what, "-o", `got-${index}`], at(cwd));
      expect(result, what).toMatchObject({ code: 0, stdout: `${join(cwd, `got-${index}`, "song.flac")}\n` });
      expect((await readFile(join(cwd, `got-${index}`, "song.flac"))).equals(content)).toBe(true);
    }
  });

  it("hashes long pieces in threads, and ends when they are done", async () => {
    const cwd = await emptyFolder();
    // More than is hashed before threads are started.
    const content = randomBytes(64 * MIB);
    await writeFile(join(cwd, "long.bin"), content);
    const create = await runCommand(["create", "long.bin", "-o", "long.torrent", "--piece-length", "1M"], at(cwd));
    expect(create.code).toBe(0);
    const hashes = Array.from({ length: 64 }, (_, piece) => sha1(content.subarray(piece * MIB, (piece + 1) * MIB)));
    expect((await readFile(join(cwd, "long.torrent"))).includes(Buffer.concat(hashes))).toBe(true);
  });

  it("carries folders with empty and nested files, and only what is selected", async () => {
    const cwd = await emptyFolder();
    await mkdir(join(cwd, "album", "discs"), { recursive: true });
    const files = { "a.txt": Buffer.from("hello"), empty: Buffer.alloc(0), "discs/one.flac": randomBytes(200_000) };
    for (const [path, content] of Object.entries(files)) await writeFile(join(cwd, "album", path), content);
    await share(cwd, "album");
    expect((await runCommand(["get", "album", "-o", "all"], at(cwd))).code).toBe(0);
    for (const [path, content] of Object.entries(files))
      expect(await readFile(join(cwd, "all", "album", path))).toEqual(content);
    expect((await runCommand(["get", "album", "-o", "some", "--select", "*.flac"], at(cwd))).code).toBe(0);
    expect((await readdir(join(cwd, "some", "album"), { recursive: true })).sort()).toEqual([
      "discs",
      "discs/one.flac",
    ]);
    expect((await runCommand(["get", "album", "-o", "some", "--select", "9"], at(cwd))).code).toBe(2);
  });

  it("tells with --json of metadata, progress from what is there to the end, and completion", async () => {
    const cwd = await emptyFolder();
    await writeFile(join(cwd, "data.bin"), randomBytes(300_000));
    await share(cwd, "data.bin");
    const command = new RunningCommand(["download", "data.bin", "-o", "out", "--json"], at(cwd));
    expect((await command.finished).code).toBe(0);
    const events = command.events;
    expect(events[0]).toMatchObject({ event: "metadata", name: "data.bin", size: 300_000 });
    const progress = events.filter(({ event }) => event === "progress");
    expect(progress[0]).toMatchObject({ done: 0, size: 300_000 });
    expect(progress.at(-1)).toMatchObject({ done: 300_000, size: 300_000 });
    expect(events.at(-1)).toMatchObject({ event: "complete", path: join(cwd, "out", "data.bin"), size: 300_000 });
  });

  it("writes a single file to standard output in order", async () => {
    const cwd = await emptyFolder();
    const text = Array.from({ length: 40_000 }, (_, line) => `line ${line}`).join("\n");
    await writeFile(join(cwd, "lines.txt"), text);
    await share(cwd, "lines.txt");
    const result = await runCommand(["download", "lines.txt", "--stdout", "--quiet"], at(cwd));
    expect(result).toMatchObject({ code: 0, stdout: text });
    expect((await readdir(cwd)).sort()).toEqual([".data", "lines.txt"]);
  });

  it("never touches an existing target unless told to, and skips it when told to", async () => {
    const cwd = await emptyFolder();
    await writeFile(join(cwd, "note.txt"), "theirs");
    const { shared } = await share(cwd, "note.txt");
    await mkdir(join(cwd, "out"));
    await writeFile(join(cwd, "out", "note.txt"), "mine");
    const refused = await runCommand(["download", "note.txt", "-o", "out"], at(cwd));
    expect(refused.code).toBe(6);
    expect(refused.stderr).toContain("--overwrite");
    // As a download leaves them that is killed when it has just given its file its name.
    for (const left of ["state", "lock"])
      await writeFile(join(cwd, "out", `.shoal-${String(shared.infoHash)}.${left}`), "");
    await utimes(join(cwd, "out", `.shoal-${String(shared.infoHash)}.lock`), 0, 0);
    const skipped = await runCommand(["download", "note.txt", "-o", "out", "--skip"], at(cwd));
    expect(skipped.code).toBe(0);
    expect(await readFile(join(cwd, "out", "note.txt"), "utf8")).toBe("mine");
    expect(await readdir(join(cwd, "out"))).toEqual(["note.txt"]);
    const replaced = await runCommand(["download", "note.txt", "-o", "out", "--overwrite"], at(cwd));
    expect(replaced.code).toBe(0);
    expect(await readFile(join(cwd, "out", "note.txt"), "utf8")).toBe("theirs");
  });

  it("resumes after an interruption with what was verified", async () => {
    const cwd = await emptyFolder();
    const content = randomBytes(6_000_000);
    await writeFile(join(cwd, "big.bin"), content);
    await share(cwd, "big.bin", "--up", "3M");
    const first = new RunningCommand(["download", "big.bin", "-o", "out", "--json"], at(cwd));
    await first.until(() => first.events.some(({ event, done }) => event === "progress" && Number(done) > 500_000));
    expect((await first.stop()).code).toBe(130);
    await expect(stat(join(cwd, "out", "big.bin"))).rejects.toThrow("ENOENT");
    const second = new RunningCommand(["download", "big.bin", "-o", "out", "--json"], at(cwd));
    expect((await second.finished).code).toBe(0);
    const [resumed] = second.events.filter(({ event }) => event === "progress");
    expect(Number(resumed?.done)).toBeGreaterThan(500_000);
    expect((await readFile(join(cwd, "out", "big.bin"))).equals(content)).toBe(true);
    expect(await readdir(join(cwd, "out"))).toEqual(["big.bin"]);
  });

  it("shares many paths from one process, remembers their hashes and ends at a ratio", async () => {
    const cwd = await emptyFolder();
    await writeFile(join(cwd, "one.bin"), randomBytes(50_000));
    await writeFile(join(cwd, "two.bin"), randomBytes(50_000));
    const command = new RunningCommand(["upload", "--json", "one.bin", "two.bin", "--until-ratio", "1"], at(cwd));
    await command.until(() => command.events.filter(({ event }) => event === "shared").length === 2);
    const got = await runCommand(["download", "one.bin", "two.bin", "-o", "out"], at(cwd));
    expect(got.code).toBe(0);
    expect((await readdir(join(cwd, "out"))).sort()).toEqual(["one.bin", "two.bin"]);
    expect((await command.finished).code).toBe(0);
  });

  it("stops sharing a file that changes, says so, and goes on with the others", async () => {
    const cwd = await emptyFolder();
    await writeFile(join(cwd, "steady.txt"), "steady");
    await writeFile(join(cwd, "moving.txt"), "moving");
    const { command } = await share(cwd, "steady.txt", "moving.txt");
    await command.until(() => command.events.filter(({ event }) => event === "shared").length === 2);
    await appendFile(join(cwd, "moving.txt"), " on");
    const warning = await command.event("warning");
    expect(warning).toMatchObject({ code: "source-changed" });
    expect(String(warning.message)).toContain("moving.txt");
    expect((await runCommand(["download", "steady.txt", "-o", "out"], at(cwd))).code).toBe(0);
    expect((await runCommand(["download", "moving.txt", "-o", "out", "--timeout", "1s"], at(cwd))).code).toBe(4);
  });

  it("lists what is shared, and describes it", async () => {
    const cwd = await emptyFolder();
    await writeFile(join(cwd, "zebra stripes.txt"), "zebra");
    const { shared } = await share(cwd, "zebra stripes.txt");
    const found = await runCommand(["search", "stripes", "zebra", "--json"], at(cwd));
    expect(found.code).toBe(0);
    expect(JSON.parse(found.stdout)).toMatchObject({
      event: "found",
      name: "zebra stripes.txt",
      size: 5,
      files: 1,
      link: shared.link,
    });
    const info = await runCommand(["info", "zebra stripes.txt", "--json", "--piece", "0"], at(cwd));
    expect(info.code).toBe(0);
    expect(JSON.parse(info.stdout)).toMatchObject({
      event: "share",
      infoHash: shared.infoHash,
      pieces: 1,
      copies: [1],
      files: [{ index: 0, path: "zebra stripes.txt", size: 5 }],
    });
    expect((await runCommand(["search", "no such thing"], at(cwd))).code).toBe(0);
  });

  it("keeps unlisted shares out of the search but gives them to who has the link", async () => {
    const cwd = await emptyFolder();
    await writeFile(join(cwd, "hidden.txt"), "hidden");
    const { shared } = await share(cwd, "hidden.txt", "--unlisted");
    expect((await runCommand(["search", "hidden", "--json"], at(cwd))).stdout).toBe("");
    expect((await runCommand(["download", "hidden.txt", "-o", "out"], at(cwd))).code).toBe(3);
    expect((await runCommand(["download", String(shared.link), "-o", "out"], at(cwd))).code).toBe(0);
  });

  it("serves the interactive client from a pipe, in order, downloads before exit", async () => {
    const cwd = await emptyFolder();
    await writeFile(join(cwd, "piped.txt"), "piped");
    await share(cwd, "piped.txt");
    await writeFile(join(cwd, "mine.txt"), "mine");
    const { port } = new URL(tracker);
    const input = "help\nlist piped\nupload mine.txt\ndownload piped.txt\nstatus\ncancel nobody\nexit\n";
    const result = await runCommand(["client", "localhost", port, "-o", "out"], { ...at(cwd), input });
    expect(result.stdout).toContain("upload PATH");
    expect(result.stdout).toContain("piped.txt");
    expect(result.stdout).toContain("mine.txt");
    expect(result.stderr).toContain('Nothing called "nobody"');
    expect(result.code).toBe(3);
    expect(await readFile(join(cwd, "out", "piped.txt"), "utf8")).toBe("piped");
    const again = { ...at(cwd), input: "download piped.txt\nexit\n" };
    const refused = await runCommand(["client", "localhost", port, "-o", "out"], again);
    expect(refused.stderr).toContain("exists already");
    // Options of the one-shot command mean nothing here.
    expect(refused.stderr).not.toContain("--overwrite");
  });
});
