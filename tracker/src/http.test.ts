import { once } from "node:events";
import { connect } from "node:net";
import { decodeBencode, dictOf, encodeBencode, parseTorrentFile } from "@shoal/peer-core/torrent";
import { createMicrotaskHasher } from "@shoal/peer-core/testing";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { HTTP_BURST, MAX_ENTRIES_PER_DAY, MAX_METAINFO_BYTES, MAX_SEARCH_LENGTH } from "./limits.js";
import { startTracker } from "./start-tracker.js";
import type { ListenOptions } from "./start-tracker.js";

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function tracker(options: Partial<ListenOptions> = {}): Promise<string> {
  const running = await startTracker({ host: "127.0.0.1", port: 0, ...options });
  closers.push(() => running.close());
  return `http://127.0.0.1:${running.port}`;
}

function metainfo(name: string): Uint8Array {
  const file = (path: string): ReadonlyMap<string, number | string[]> =>
    new Map<string, number | string[]>([
      ["length", 1],
      ["path", ["sub", path]],
    ]);
  const fields = { files: [file("A.txt"), file("b.txt")], name, "piece length": 32_768, pieces: new Uint8Array(20) };
  return encodeBencode(new Map(Object.entries(fields)));
}

const bencoded = { "Content-Type": "application/x-bittorrent" };

interface Published {
  readonly infoHash: string;
  readonly ownerToken?: string;
}

async function publish(base: string, info: Uint8Array, query = "", headers: Record<string, string> = {}) {
  const body = new Blob([Uint8Array.from(info)]);
  const answer = await fetch(`${base}/api/torrents${query}`, {
    method: "POST",
    body,
    headers: { ...bencoded, ...headers },
  });
  return { status: answer.status, body: (await answer.json()) as Published & { error?: { code: string } } };
}

async function get<T = Record<string, unknown>>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

async function names(url: string): Promise<string[]> {
  return (await get<{ torrents: { name: string }[] }>(url)).torrents.map(({ name }) => name);
}

test("publishes a share, finds it, tells its files and withdraws it for its owner only", async () => {
  const base = await tracker();
  const { status, body } = await publish(base, metainfo("Fotos"));
  expect([status, body]).toMatchObject([201, { name: "Fotos", size: 2 }]);
  const url = `${base}/api/torrents/${body.infoHash}`;
  expect(await get(url)).toMatchObject({
    infoHash: body.infoHash,
    fileCount: 2,
    files: [
      { path: ["sub", "A.txt"], length: 1 },
      { path: ["sub", "b.txt"], length: 1 },
    ],
    seeds: 0,
    searchable: true,
  });
  const withdraw = async (headers: Record<string, string>) => (await fetch(url, { method: "DELETE", headers })).status;
  expect(await withdraw({})).toBe(401);
  expect(await withdraw({ Authorization: "Bearer x" })).toBe(403);
  expect(await withdraw({ Authorization: `Bearer ${body.ownerToken ?? ""}` })).toBe(204);
  expect((await fetch(url)).status).toBe(404);
});

test("answers 200 without a token for what is there already", async () => {
  const base = await tracker();
  const first = await publish(base, metainfo("x"));
  const again = await publish(base, metainfo("x"));
  expect(again).toEqual({ status: 200, body: { infoHash: first.body.infoHash, name: "x", size: 2 } });
});

test("makes the .torrent itself, with its own announce URLs, at whatever path it is mounted", async () => {
  const base = await tracker();
  const info = metainfo("x");
  const { body } = await publish(`${base}/sub`, info);
  const bytes = await (await fetch(`${base}/sub/api/torrents/${body.infoHash}.torrent`)).arrayBuffer();
  const torrent = await parseTorrentFile(new Uint8Array(bytes), createMicrotaskHasher());
  expect(torrent.metainfo.infoHash).toBe(body.infoHash);
  expect(torrent.metainfo.infoBytes).toEqual(info);
  expect(torrent.trackers.flat()).toEqual([`${base.replace("http", "ws")}/sub/announce`, `${base}/sub/announce`]);
});

test("names its public URL in .torrent files where there is one", async () => {
  const base = await tracker({ publicUrl: "https://hub.example/files/" });
  const { body } = await publish(base, metainfo("x"));
  const bytes = await (await fetch(`${base}/api/torrents/${body.infoHash}.torrent`)).arrayBuffer();
  const torrent = await parseTorrentFile(new Uint8Array(bytes), createMicrotaskHasher());
  expect(torrent.trackers.flat()).toEqual(["wss://hub.example/files/announce", "https://hub.example/files/announce"]);
});

test("searches names of shares and files, and keeps unlisted shares out of lists", async () => {
  const base = await tracker();
  for (const name of ["Alpha", "Beta"]) await publish(base, metainfo(name));
  const hidden = await publish(base, metainfo("Gamma"), "?searchable=0");
  const api = `${base}/api/torrents`;
  expect(await names(api)).toEqual(["Beta", "Alpha"]);
  expect(await names(`${api}?q=ALP`)).toEqual(["Alpha"]);
  expect(await names(`${api}?q=sub%2Fa.txt`)).toEqual(["Beta", "Alpha"]);
  expect(await names(`${api}?name=Beta`)).toEqual(["Beta"]);
  expect(await get(`${api}/${hidden.body.infoHash}`)).toMatchObject({ name: "Gamma", searchable: false });
  const { cursor } = await get<{ cursor: string }>(`${api}?limit=1`);
  expect(await names(`${api}?limit=1&cursor=${cursor}`)).toEqual(["Alpha"]);
});

test("tells who holds what: seeds everything", async () => {
  const base = await tracker();
  const { body } = await publish(base, metainfo("x"));
  const escaped = body.infoHash.replaceAll(/../g, "%$&");
  await fetch(`${base}/announce?info_hash=${escaped}&peer_id=-XX0100-aaaaaaaaaaaa&port=6881&left=0`);
  const url = `${base}/api/torrents/${body.infoHash}/pieces`;
  expect(await get(url)).toEqual({ pieceCount: 1, holders: [1], complete: true });
  const peerId = Buffer.from("-XX0100-aaaaaaaaaaaa").toString("hex");
  const holder = { peerId, seed: true, relay: false, dialable: true };
  expect(await get(`${url}/0`)).toEqual({ piece: 0, peers: [holder], complete: true });
  expect((await fetch(`${url}/1`)).status).toBe(404);
});

test("lets pages of other hubs read, but not publish", async () => {
  const base = await tracker();
  expect((await fetch(`${base}/api/torrents`)).headers.get("access-control-allow-origin")).toBe("*");
  const preflight = await fetch(`${base}/api/torrents`, { method: "OPTIONS" });
  expect(preflight.headers.get("access-control-allow-methods")).toBe("GET, HEAD");
  expect(await publish(base, metainfo("x"), "", { "Content-Type": "text/plain" })).toMatchObject({ status: 415 });
});

test.each([
  ["nonsense", 400, "metainfo"],
  ["d4:infod4:name1:xee", 400, "metainfo"],
])("refuses %s with a readable error", async (text, status, code) => {
  const base = await tracker();
  expect(await publish(base, new TextEncoder().encode(text))).toMatchObject({ status, body: { error: { code } } });
});

test("refuses a body that is said to be too long before reading it, and a long search", async () => {
  const base = await tracker();
  const socket = connect(Number(new URL(base).port), "127.0.0.1");
  closers.push(() => socket.destroy());
  const length = MAX_METAINFO_BYTES + 1;
  socket.write(
    `POST /api/torrents HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-bittorrent\r\nContent-Length: ${length}\r\n\r\n`,
  );
  const [data] = (await once(socket, "data")) as [Buffer];
  expect(data.toString()).toMatch(/^HTTP\/1\.1 413 /);
  const search = (characters: number) => fetch(`${base}/api/torrents?q=${"x".repeat(characters)}`);
  expect((await search(MAX_SEARCH_LENGTH)).status).toBe(200);
  expect((await search(MAX_SEARCH_LENGTH + 1)).status).toBe(400);
});

test("takes so many new shares a day from one address, and any number from its own machine", async () => {
  const base = await tracker();
  for (let count = 0; count < MAX_ENTRIES_PER_DAY; count++) {
    const sent = await publish(base, metainfo(`a${count}`), "", { "X-Forwarded-For": "8.8.8.8" });
    expect(sent.status).toBe(201);
  }
  const next = await publish(base, metainfo("b"), "", { "X-Forwarded-For": "8.8.8.8" });
  expect(next).toMatchObject({ status: 429, body: { error: { code: "quota" } } });
  expect((await publish(base, metainfo("a0"), "", { "X-Forwarded-For": "8.8.8.8" })).status).toBe(200);
  expect((await publish(base, metainfo("b"))).status).toBe(201);
});

test("answers so many requests at once from one address and not one more", async () => {
  const base = await tracker();
  const request = async () => (await fetch(`${base}/health`, { headers: { "X-Forwarded-For": "8.8.8.8" } })).status;
  const statuses = await Promise.all(Array.from({ length: HTTP_BURST * 2 }, request));
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(HTTP_BURST);
  expect(statuses).toContain(429);
});

test("answers ordinary clients with compact peers, or with a list, of both address families", async () => {
  const base = await tracker();
  const announce = async (peer: string, more: string, from: string): Promise<ReadonlyMap<string, unknown>> => {
    const query = `info_hash=${"h".repeat(20)}&peer_id=${peer.repeat(20)}&port=258&left=1${more}`;
    const answer = await fetch(`${base}/announce?${query}`, { headers: { "X-Forwarded-For": from } });
    return dictOf(decodeBencode(new Uint8Array(await answer.arrayBuffer())))!;
  };
  await announce("a", "", "8.8.8.8");
  await announce("b", "", "2600::1");
  const compact = await announce("c", "", "9.9.9.9");
  expect(compact.get("incomplete")).toBe(3);
  expect([...(compact.get("peers") as Uint8Array)]).toEqual([8, 8, 8, 8, 1, 2]);
  expect([...(compact.get("peers6") as Uint8Array)]).toEqual([0x26, 0, ...new Array<number>(13).fill(0), 1, 1, 2]);
  const list = (await announce("c", "&compact=0", "9.9.9.9")).get("peers") as ReadonlyMap<string, unknown>[];
  expect(list.map((peer) => Buffer.from(peer.get("ip") as Uint8Array).toString()).sort()).toEqual([
    "2600::1",
    "8.8.8.8",
  ]);
  const odd = await announce("c", "&port=x", "9.9.9.9");
  expect(Buffer.from(odd.get("failure reason") as Uint8Array).toString()).toMatch(/Expected port/);
});

test("tells who has nothing left over HTTP of some seeds all the same: it may want the metadata", async () => {
  const base = await tracker();
  const announce = async (peer: string, left: number): Promise<string[]> => {
    const query = `info_hash=${"h".repeat(20)}&peer_id=${peer.repeat(20)}&port=6881&left=${left}&compact=0`;
    const reply = decodeBencode(new Uint8Array(await (await fetch(`${base}/announce?${query}`)).arrayBuffer()));
    const peers = (reply as ReadonlyMap<string, ReadonlyMap<string, Uint8Array>[]>).get("peers") ?? [];
    return peers.map((each) => new TextDecoder().decode(each.get("peer id")).slice(0, 1));
  };
  expect(await announce("a", 0)).toEqual([]);
  expect(await announce("b", 0)).toEqual(["a"]);
  expect((await announce("c", 1)).sort()).toEqual(["a", "b"]);
  expect((await announce("a", 0)).sort()).toEqual(["b", "c"]);
});

test("reads info-hashes as bytes, whatever they are", async () => {
  const base = await tracker();
  const escaped = Array.from({ length: 20 }, (_, byte) => `%${(byte * 13).toString(16).padStart(2, "0")}`).join("");
  await fetch(`${base}/announce?info_hash=${escaped}&peer_id=${"p".repeat(20)}&port=1&left=0`);
  const answer = await fetch(`${base}/scrape?info_hash=${escaped}`);
  const files = dictOf(dictOf(decodeBencode(new Uint8Array(await answer.arrayBuffer())))!.get("files"))!;
  const key = Array.from({ length: 20 }, (_, byte) => String.fromCharCode(byte * 13)).join("");
  expect(dictOf(files.get(key))!.get("complete")).toBe(1);
});

test("tells operators how it is", async () => {
  const base = await tracker({ version: "1.2.3" });
  await fetch(`${base}/announce?info_hash=${"h".repeat(20)}&peer_id=-XX0100-aaaaaaaaaaaa&port=1&left=0`);
  expect(await get(`${base}/health`)).toEqual({ status: "ok", version: "1.2.3" });
  expect(await get(`${base}/stats.json`)).toEqual({
    torrents: 1,
    activeTorrents: 1,
    peersAll: 1,
    peersSeederOnly: 1,
    peersLeecherOnly: 0,
    peersSeederAndLeecher: 0,
    peersIPv4: 1,
    peersIPv6: 0,
    clients: { XX: { "0100": 1 } },
  });
  expect(await (await fetch(`${base}/stats`)).text()).toMatch(/<th>XX 0100<\/th><td>1<\/td>/);
  const metrics = await (await fetch(`${base}/metrics`)).text();
  expect(metrics).toMatch(/^shoal_tracker_peers 1$/m);
  expect(metrics).toMatch(/^shoal_tracker_announces_total 1$/m);
});

test("tells operators of what shares its process, as it is when they ask", async () => {
  let links = 3;
  const metrics = [
    { kind: "gauge", name: "links", help: "Links", read: () => links },
    { kind: "total", name: "links_total", help: "Links so far", read: () => 7 },
  ] as const;
  const base = await tracker({ metrics });
  const page = async (): Promise<string> => await (await fetch(`${base}/metrics`)).text();
  expect(await page()).toMatch(/^# TYPE links gauge\nlinks 3$/m);
  links = 4;
  expect(await page()).toMatch(/^links 4$/m);
  expect(await page()).toMatch(/^# TYPE links_total counter\nlinks_total 7$/m);
});

test("says that a port is taken", async () => {
  const base = await tracker();
  const port = Number(new URL(base).port);
  await expect(startTracker({ host: "127.0.0.1", port })).rejects.toThrow(`Port ${port} is taken`);
});

test("answers 404 to what is nobody's", async () => {
  expect((await fetch(`${await tracker()}/nothing`)).status).toBe(404);
});

test("tells ordinary clients of the hub's own relay as a peer while it carries the share, and where they can dial it", async () => {
  const base = await tracker({ relays: ["peer"] });
  const query = `info_hash=${"h".repeat(20)}&peer_id=-XX0100-aaaaaaaaaaaa&port=1&left=5`;
  const told = async (more = "", headers: Record<string, string> = {}) => {
    const answer = await fetch(`${base}/announce?${query}${more}`, { headers });
    return dictOf(decodeBencode(new Uint8Array(await answer.arrayBuffer())))?.get("peers");
  };
  expect(await told()).toEqual(new Uint8Array());
  const relay = new WebSocket(`${base.replace("http", "ws")}/announce`);
  await once(relay, "open");
  const ids = { info_hash: "h".repeat(20), peer_id: "-SH0100-relayrelayre" };
  relay.send(JSON.stringify({ action: "announce", ...ids, left: null, numwant: 0, relay: 1, endpoint: "peer" }));
  await once(relay, "message");
  const port = Number(new URL(base).port);
  expect(await told()).toEqual(Uint8Array.of(127, 0, 0, 1, port >> 8, port & 0xff));
  expect(await told("&compact=0")).toEqual([
    new Map<string, unknown>([
      ["ip", new TextEncoder().encode("127.0.0.1")],
      ["port", port],
    ]),
  ]);
  // Behind a proxy nobody knows where the hub could be dialled.
  expect(await told("", { "X-Forwarded-For": "203.0.113.7" })).toEqual(new Uint8Array());
  relay.close();
});
