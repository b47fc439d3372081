import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { parseInfoHash } from "@shoal/peer-core/torrent";
import { Catalogue } from "./catalogue.js";
import { Catalogues } from "./catalogues.js";

const HASH = parseInfoHash("0123456789abcdef0123456789abcdef01234567")!;
const ENTRY = {
  infoHash: HASH,
  name: "a",
  size: 1,
  fileCount: 1,
  pieceLength: 32_768,
  pieceCount: 1,
  addedAt: 5,
  seeds: 1,
  leeches: 0,
};
const signal = new AbortController().signal;
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** The tracker URL of a server that answers every request with `answer`. */
async function hubThat(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/announce`;
}

function saying(status: number, body: unknown): (request: IncomingMessage, response: ServerResponse) => void {
  return (_request, response) => response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
}

describe("a catalogue", () => {
  it("reads pages and drops what it does not know", async () => {
    const catalogue = new Catalogue(
      await hubThat(saying(200, { torrents: [{ ...ENTRY, more: "fields" }], cursor: null })),
    );
    const page = await catalogue.search("a", undefined, signal);
    expect(page).toEqual({ entries: [ENTRY], cursor: undefined });
  });

  it.each<[unknown, string]>([
    ["<html>", "not JSON"],
    [{ torrents: "none" }, "of another shape"],
    [{ torrents: [{ ...ENTRY, infoHash: "short" }] }, "with a hash that is none"],
    [{ torrents: [{ ...ENTRY, size: -1 }] }, "with a size that is none"],
    [{ torrents: [{ ...ENTRY, name: 5 }] }, "with a name that is none"],
  ])("counts an answer as a tracker's failure: %j, %s", async (body) => {
    const catalogue = new Catalogue(await hubThat(saying(200, body)));
    await expect(catalogue.search("", undefined, signal)).rejects.toMatchObject({ code: "tracker" });
  });

  it("says what the hub said when it refuses", async () => {
    const catalogue = new Catalogue(
      await hubThat(saying(429, { error: { code: "quota", message: "Too many new shares" } })),
    );
    await expect(catalogue.search("", undefined, signal)).rejects.toThrow("Too many new shares");
  });

  it("does not follow redirects and does not read without end", async () => {
    const elsewhere = new Catalogue(
      await hubThat((_request, response) => response.writeHead(302, { Location: "http://localhost:1/" }).end()),
    );
    await expect(elsewhere.entry(HASH, signal)).rejects.toMatchObject({ code: "tracker" });
    const endless = new Catalogue(
      await hubThat((_request, response) => {
        const more = () =>
          response.write(Buffer.alloc(65_536, 32), (error) => (error ? undefined : setImmediate(more)));
        more();
      }),
    );
    await expect(endless.entry(HASH, signal)).rejects.toThrow("more than");
  });

  it("knows a share that is not listed from a hub that fails", async () => {
    const catalogue = new Catalogue(await hubThat(saying(404, { error: { code: "not-found", message: "No share" } })));
    expect(await catalogue.entry(HASH, signal)).toBeUndefined();
    await expect(catalogue.search("", undefined, signal)).rejects.toMatchObject({ code: "tracker" });
  });

  it("refuses a metainfo of another info-hash", async () => {
    const torrent = "d4:infod6:lengthi1e4:name1:a12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaaee";
    const catalogue = new Catalogue(await hubThat(saying(200, torrent)));
    const hasher = { sha1: () => Promise.resolve(new Uint8Array(20)) };
    await expect(catalogue.torrent(HASH, hasher, signal)).rejects.toMatchObject({ code: "tracker" });
  });

  it("stops asking when interrupted", async () => {
    const stop = new AbortController();
    const catalogue = new Catalogue(await hubThat(() => stop.abort()));
    await expect(catalogue.entry(HASH, stop.signal)).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("several catalogues", () => {
  it("make up for each other and tell of those that failed", async () => {
    const good = await hubThat(saying(200, { torrents: [ENTRY] }));
    const older = await hubThat(saying(200, { torrents: [{ ...ENTRY, addedAt: 1 }] }));
    const bad = await hubThat(saying(500, "oops"));
    const failures: string[] = [];
    const catalogues = new Catalogues([good, older, bad, "udp://x:1/announce"], (error) => failures.push(error.code));
    expect((await catalogues.named("a", signal)).map(({ entry }) => entry)).toEqual([ENTRY]);
    expect(failures).toEqual(["tracker"]);
  });

  it("fail together with advice", async () => {
    const bad = await hubThat(saying(500, "oops"));
    const catalogues = new Catalogues([bad], () => undefined);
    await expect(catalogues.search("a", 5, signal)).rejects.toThrow("--tracker");
  });
});
