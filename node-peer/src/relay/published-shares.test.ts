import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Metainfo } from "@shoal/peer-core";
import { createWebCryptoHasher } from "@shoal/peer-core/platform";
import { parseInfo } from "@shoal/peer-core/torrent";
import { PublishedShares } from "./published-shares.js";

const INFO = Buffer.concat([
  Buffer.from("d6:lengthi1e4:name1:a12:piece lengthi16384e6:pieces20:"),
  Buffer.alloc(20),
  Buffer.from("e"),
]);
const hasher = createWebCryptoHasher();
const share = await parseInfo(INFO, hasher);
const ENTRY = {
  infoHash: share.infoHash,
  name: "a",
  size: 1,
  fileCount: 1,
  pieceLength: 16_384,
  pieceCount: 1,
  addedAt: 5,
  seeds: 1,
  leeches: 0,
};
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** The tracker URL of another hub. */
async function hubThat(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/announce`;
}

const lists: RequestListener = ({ url }, response) =>
  url?.endsWith(".torrent") === true
    ? response.end(Buffer.concat([Buffer.from("d4:info"), INFO, Buffer.from("e")]))
    : response.end(JSON.stringify(ENTRY));
const listsNothing: RequestListener = (_request, response) => response.writeHead(404).end("{}");
const fails: RequestListener = (_request, response) => response.writeHead(500).end("no disk");
const saysNothing: RequestListener = () => undefined;

interface Scene {
  readonly own?: boolean;
  readonly others?: readonly string[];
  readonly cached?: Metainfo;
}

function published({ own = false, others = [], cached }: Scene): PublishedShares {
  return new PublishedShares({
    tracker: {
      isPublished: () => Promise.resolve(own),
      publishedInfo: () => Promise.resolve(own ? INFO : undefined),
    },
    others,
    cache: { metainfo: () => Promise.resolve(cached) },
    hasher,
    askMs: 200,
  });
}

describe("what is published at a relay's trackers", () => {
  it("is what the hub's own catalogue has", async () => {
    expect(await published({ own: true }).has(share.infoHash)).toBe(true);
    expect(await published({ own: true }).metainfo(share.infoHash)).toMatchObject({ infoHash: share.infoHash });
    expect(await published({}).has(share.infoHash)).toBe(false);
    expect(await published({}).metainfo(share.infoHash)).toBeUndefined();
  });

  it("is what another hub's catalogue has", async () => {
    const others = [await hubThat(listsNothing), await hubThat(lists)];
    expect(await published({ others }).has(share.infoHash)).toBe(true);
    expect(await published({ others }).metainfo(share.infoHash)).toMatchObject({ infoHash: share.infoHash });
  });

  it("is not what was carried once and is listed no more", async () => {
    const others = [await hubThat(listsNothing)];
    expect(await published({ others, cached: share }).has(share.infoHash)).toBe(false);
  });

  it.each([
    ["fails", fails],
    ["says nothing", saysNothing],
  ])("is what was carried before, while the other hub %s", async (_what, answer) => {
    const others = [await hubThat(answer)];
    expect(await published({ others, cached: share }).has(share.infoHash)).toBe(true);
    expect(await published({ others }).has(share.infoHash)).toBe(false);
    expect(await published({ others }).metainfo(share.infoHash)).toBeUndefined();
  });
});
