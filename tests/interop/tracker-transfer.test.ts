import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { encodeTorrentFile, parseTorrentFile } from "@shoal/peer-core/torrent";
import { createMicrotaskHasher } from "@shoal/peer-core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";
import { startTheirTracker, type TheirTracker } from "../support/their-tracker.js";

let bed: ProcessBed;
let theirs: TheirTracker;
const content = randomBytes(1_500_000);

beforeEach(async () => {
  [bed, theirs] = await Promise.all([ProcessBed.open(), startTheirTracker()]);
  await writeFile(bed.path("film.mkv"), content);
});

afterEach(async () => {
  await bed.close();
  await theirs.close();
});

/** Writes a .torrent file of film.mkv with these trackers. */
async function torrentWith(trackers: readonly string[]): Promise<string> {
  const path = bed.path("film.torrent");
  expect((await bed.run(["create", "film.mkv", "-o", path]).end()).code).toBe(0);
  const { metainfo } = await parseTorrentFile(await readFile(path), createMicrotaskHasher());
  await writeFile(path, encodeTorrentFile(metainfo, [trackers]));
  return path;
}

async function got(what: string, ...options: string[]): Promise<Buffer> {
  const download = bed.run(["download", what, "-o", bed.path("got"), ...options]);
  expect(await download.end(), download.said).toMatchObject({ code: 0 });
  return await readFile(bed.path("got", "film.mkv"));
}

describe("two command-line peers that know only other people's trackers", () => {
  it.each(["http", "udp"] as const)("exchange a file found by %s, from a .torrent file", async (kind) => {
    const upload = bed.run(["upload", "film.mkv", "--tracker", theirs[kind]]);
    const { link, magnet } = await upload.event("shared");
    expect(link).toBe(magnet);
    expect(upload.all("warning")).toEqual([]);
    expect((await got(await torrentWith([theirs[kind]]))).equals(content)).toBe(true);
  });

  it.each(["http", "udp"] as const)("exchange a file found by %s, from a magnet link", async (kind) => {
    const { magnet } = await bed.run(["upload", "film.mkv", "--tracker", theirs[kind]]).event("shared");
    expect((await got(magnet)).equals(content)).toBe(true);
  });
});

describe("a hub's own trackers", () => {
  it("are one when named by WebSocket and HTTP", async () => {
    const hub = await TestHub.start(bed);
    const { infoHash } = await hub.upload("film.mkv").event("shared");
    const http = hub.tracker.replace("ws:", "http:");
    const path = await torrentWith([http, hub.tracker]);
    const info = bed.run(["info", path]);
    expect(await info.event("share")).toMatchObject({ infoHash, trackers: [hub.tracker], seeds: 1 });
  });

  it("are found by their HTTP announce URL alone, from a file and from the command line", async () => {
    const hub = await TestHub.start(bed);
    const http = hub.tracker.replace("ws:", "http:");
    const upload = bed.run(["upload", "film.mkv", "--tracker", http]);
    const { name } = await upload.event("shared");
    expect(upload.all("warning")).toEqual([]);
    expect((await got(name, "--tracker", http)).equals(content)).toBe(true);
    const elsewhere = bed.run(["download", await torrentWith([http]), "-o", bed.path("again")]);
    expect(await elsewhere.end(), elsewhere.said).toMatchObject({ code: 0 });
  });
});

describe("a download whose trackers are dead", () => {
  it("says so without advice about hubs, and without pass keys", async () => {
    const path = await torrentWith(["http://127.0.0.1:1/announce?passkey=secret", "udp://127.0.0.1:1"]);
    const download = bed.run(["download", path, "-o", bed.path("got")]);
    expect((await download.end()).code).toBe(1);
    const { message } = await download.event("error");
    expect(message).toContain("None of 2 trackers can be reached");
    expect(message).not.toMatch(/hub|secret/);
  });
});
