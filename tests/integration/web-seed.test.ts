import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestHub } from "../support/hub.js";
import { ProcessBed, type ShoalProcess } from "../support/processes.js";
import { sendRange, WebServer } from "../support/web-server.js";

const MIB = 1024 * 1024;
const DONE = { code: 0, signal: null };
/** Refuses connections: nobody but web seeds is there. */
const NO_TRACKER = "ws://127.0.0.1:1/announce";

let bed: ProcessBed;
const servers: WebServer[] = [];

beforeEach(async () => {
  bed = await ProcessBed.open();
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await bed.close();
});

/** Files on a web server, and the same in the bed's folder "origin". */
async function serve(files: Readonly<Record<string, Buffer>>): Promise<WebServer> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(bed.path("origin", path)), { recursive: true });
    await writeFile(bed.path("origin", path), content);
  }
  const server = await WebServer.start(files);
  servers.push(server);
  return server;
}

/** A .torrent file for what lies in "origin", with these web seeds; returns its path. */
async function torrentOf(name: string, ...options: string[]): Promise<string> {
  const path = bed.path(`${name}.torrent`);
  const create = bed.run(["create", bed.path("origin", name), "-o", path, "--overwrite", ...options]);
  expect(await create.end()).toEqual(DONE);
  return path;
}

function download(what: string, ...options: string[]): ShoalProcess {
  return bed.run(["download", what, "-o", bed.path("got"), "--tracker", NO_TRACKER, "--no-listen", ...options]);
}

async function got(path: string): Promise<Buffer> {
  return await readFile(bed.path("got", path));
}

describe("a web seed", () => {
  it("gives a single file by its URL or its folder's, when nobody else is there", async () => {
    const content = randomBytes(5 * MIB + 123);
    const server = await serve({ "a song.bin": content });
    for (const url of [server.url, `${server.url}a%20song.bin`]) {
      const torrent = await torrentOf("a song.bin", "--web-seed", url);
      expect(await download(torrent, "--overwrite").end()).toEqual(DONE);
      expect((await got("a song.bin")).equals(content)).toBe(true);
    }
    expect(server.seen.every(({ encoding }) => encoding === "identity")).toBe(true);
  });

  it("gives a folder with empty files, odd names and pieces across files, or what is chosen of it", async () => {
    const files: Record<string, Buffer> = {
      "album/00 empty": Buffer.alloc(0),
      "album/1% #1?.flac": randomBytes(100_001),
      "album/disc 2/é.flac": randomBytes(1 * MIB),
      "album/disc 2/last": randomBytes(1),
    };
    const server = await serve(files);
    const torrent = await torrentOf("album", "--web-seed", server.url);
    expect(await download(torrent).end()).toEqual(DONE);
    for (const [path, content] of Object.entries(files)) expect((await got(path)).equals(content), path).toBe(true);
    server.seen.length = 0;
    expect(await download(torrent, "-o", bed.path("got", "some"), "--select", "disc 2/*").end()).toEqual(DONE);
    expect(await readdir(bed.path("got", "some", "album"))).toEqual(["disc 2"]);
    expect((await got("some/album/disc 2/é.flac")).equals(files["album/disc 2/é.flac"]!)).toBe(true);
    const asked = server.seen.filter(({ path }) => path.startsWith("album/1%")).map(({ range }) => range ?? "");
    expect(asked).toHaveLength(1);
    expect(asked.join()).not.toContain("bytes=0-");
  });

  it("goes on where an interrupted download ended", async () => {
    const content = randomBytes(24 * MIB);
    const server = await serve({ file: content });
    const torrent = await torrentOf("file", "--web-seed", server.url);
    const first = download(torrent, "--down", "8M");
    await first.verified(6 * MIB);
    first.kill("SIGINT");
    expect(await first.end()).toEqual({ code: 130, signal: null });
    server.seen.length = 0;
    expect(await download(torrent).end()).toEqual(DONE);
    expect((await got("file")).equals(content)).toBe(true);
    const asked = server.seen.map(({ range }) => /(\d+)-(\d+)$/.exec(range ?? "") ?? ["", "0", "0"]);
    expect(asked.reduce((sum, [, from, to]) => sum + Number(to) - Number(from) + 1, 0)).toBeLessThan(19 * MIB);
  });

  it("that knows no ranges is used for small files and given up for large ones", async () => {
    const small = randomBytes(30_000);
    const server = await serve({ small, large: randomBytes(MIB) });
    server.misbehave = (_, response, file) => {
      response.writeHead(200, { "content-length": file?.length ?? 0 }).end(file);
      return true;
    };
    expect(await download(await torrentOf("small", "--web-seed", server.url)).end()).toEqual(DONE);
    expect((await got("small")).equals(small)).toBe(true);
    const failed = download(await torrentOf("large", "--web-seed", server.url), "--timeout", "2s");
    expect(await failed.end()).toEqual({ code: 4, signal: null });
    expect(failed.all("warning").map(({ message }) => message)).toContain(
      `Web seed ${server.url}: the server does not answer range requests; it is not used for now`,
    );
  });

  it("may send us elsewhere, and is asked there from then on", async () => {
    const content = randomBytes(9 * MIB);
    const server = await serve({ file: content });
    const mirror = await serve({ "mirror/file": content });
    server.misbehave = (_, response) => {
      response.writeHead(302, { location: `${mirror.url}mirror/file?token=1` }).end();
      return true;
    };
    const refused = download(await torrentOf("file", "--web-seed", server.url), "--timeout", "2s");
    expect(await refused.end()).toEqual({ code: 4, signal: null });
    expect(mirror.seen).toEqual([]);
    server.seen.length = 0;
    server.misbehave = (_, response) => {
      response.writeHead(302, { location: `${mirror.url}mirror/file` }).end();
      return true;
    };
    expect(await download(await torrentOf("file", "--web-seed", server.url)).end()).toEqual(DONE);
    expect((await got("file")).equals(content)).toBe(true);
    expect(server.seen.length).toBeLessThanOrEqual(2);
  });

  it("that breaks off and stutters is asked again", async () => {
    const content = randomBytes(4 * MIB);
    const server = await serve({ file: content });
    server.misbehave = (request, response, file = Buffer.alloc(0)) => {
      if (server.seen.length % 4 !== 2) return false;
      const [, first = "0", last = "0"] = /(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
      response.writeHead(206, { "content-range": `bytes ${first}-${last}/${file.length}` });
      response.write(file.subarray(Number(first), Number(first) + 10_000), () => response.destroy());
      return true;
    };
    expect(await download(await torrentOf("file", "--web-seed", server.url), "--timeout", "50s").end()).toEqual(DONE);
    expect((await got("file")).equals(content)).toBe(true);
  });
});

describe("a web seed beside peers", () => {
  it("serves together with them", async () => {
    const content = randomBytes(64 * MIB);
    const server = await serve({ file: content });
    const hub = await TestHub.start(bed);
    const seeder = hub.upload(join("origin", "file"), "--up", "10M");
    await seeder.event("shared");
    server.misbehave = (request, response, file = Buffer.alloc(0)) => {
      // About as fast as the peer.
      setTimeout(() => sendRange(response, file, request.headers.range), 300);
      return true;
    };
    const torrent = await torrentOf("file", "--web-seed", server.url, "--tracker", hub.tracker);
    const downloader = hub.download(torrent, "got");
    const { peers } = await downloader.verified(16 * MIB);
    expect(peers).toBe(2);
    expect(await downloader.end()).toEqual(DONE);
    expect((await got("file")).equals(content)).toBe(true);
    seeder.kill("SIGINT");
    const stopped = await seeder.event("stopped");
    expect(stopped.uploaded).toBeGreaterThan(4 * MIB);
    expect(stopped.uploaded).toBeLessThan(60 * MIB);
  });

  it("that lies is dropped, and the download completes from an honest peer", async () => {
    const content = randomBytes(8 * MIB);
    const server = await serve({ file: content });
    server.misbehave = (request, response, file = Buffer.alloc(0)) => {
      sendRange(response, Buffer.from(file.map((byte) => byte ^ 1)), request.headers.range);
      return true;
    };
    const hub = await TestHub.start(bed);
    const torrent = await torrentOf("file", "--web-seed", server.url, "--tracker", hub.tracker);
    const downloader = hub.download(torrent, "got");
    await downloader.event("peer", ({ change }) => change === "banned");
    const seeder = hub.upload(join("origin", "file"));
    await seeder.event("shared");
    expect(await downloader.end()).toEqual(DONE);
    expect((await got("file")).equals(content)).toBe(true);
    seeder.kill("SIGKILL");
  });

  it("is named by links and info, and enough together with a catalogue", async () => {
    const content = randomBytes(MIB);
    const server = await serve({ file: content });
    const hub = await TestHub.start(bed);
    const seeder = hub.upload(join("origin", "file"));
    await seeder.event("shared");
    seeder.kill("SIGINT");
    await seeder.end();
    const torrent = await torrentOf("file", "--web-seed", server.url, "--tracker", hub.tracker);
    const info = bed.run(["info", torrent, "--tracker", hub.tracker]);
    const { magnet, webSeeds } = await info.event("share");
    expect(webSeeds).toEqual([server.url]);
    expect(magnet).toContain(`&ws=${encodeURIComponent(server.url)}`);
    expect(server.seen).toEqual([]);
    expect(await hub.download(magnet, "got").end()).toEqual(DONE);
    expect((await got("file")).equals(content)).toBe(true);
  });

  it("has to be an http or https URL", async () => {
    await serve({ file: randomBytes(10) });
    const create = bed.run(["create", bed.path("origin", "file"), "-o", bed.path("x"), "--web-seed", "ftp://h/x"]);
    expect(await create.end()).toEqual({ code: 2, signal: null });
    expect(create.all("error")[0]?.message).toBe(
      '"ftp://h/x" is not a web seed: expected a URL like https://HOST/PATH',
    );
  });
});
