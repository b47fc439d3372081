import { encodeBencode } from "@shoal/peer-core/torrent";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { RunningCommand } from "../support/command.js";
import { useCommandHub, type CommandHub } from "../support/use-command-hub.js";

let folder = "";
let tracker = "";
let deadTracker = "";
let babblingTracker = "";
let run: CommandHub["run"];

useCommandHub((started) => ({ folder, tracker, deadTracker, babblingTracker, run } = started));

beforeAll(async () => {
  await writeFile(join(folder, "lone.txt"), "lone");
});

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

  it.each([
    { what: "one piece", size: 1000 },
    { what: "several pieces", size: 100_000 },
  ])("ends with 5 when those who have its $what send something else", async ({ size }) => {
    const name = `${size} rotten.bin`;
    const path = join(folder, name);
    const longAgo = new Date("2020-01-01T00:00:00Z");
    const upload = async (...args: string[]) => {
      await writeFile(path, randomBytes(size));
      // Size, time and inode stay: what was hashed the first time is believed the second time.
      await utimes(path, longAgo, longAgo);
      const env = { SHOAL_TRACKERS: tracker, SHOAL_DATA: join(folder, ".data") };
      return new RunningCommand(["upload", name, "--json", ...args], { cwd: folder, env });
    };
    const honest = await (await upload("--until-time", "0s")).finished;
    expect(honest.code).toBe(0);
    const rotten = await upload();
    const { infoHash } = await rotten.event("shared");
    expect(honest.stdout).toContain(String(infoHash));
    const result = await run("download", name, "-o", "rot", "--timeout", "5s");
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
