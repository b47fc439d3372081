import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { formatMagnet, parseMagnet } from "@shoal/peer-core/torrent";
import type { InfoHash } from "@shoal/peer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  makeWithLibtorrent,
  makeWithWebTorrent,
  readWithLibtorrent,
  readWithWebTorrent,
  showWithAria2,
  showWithTransmission,
} from "../../support/clients/file-readers.js";
import { makeTorrent } from "../../support/clients/torrent-files.js";
import { writeContent } from "../../support/file-content.js";
import { ProcessBed, type EventOf } from "../../support/processes.js";
import { ensureProgram } from "../../support/programs.js";

const run = promisify(execFile);

/** In the order of their bytes. */
const FILES: readonly (readonly [string, number])[] = [
  ["a/x & y.bin", 100_000],
  ["a/žluť.bin", 65_537],
  ["b/日本.bin", 13],
];
const SHARED = FILES.map(([path, size]) => [`fotky č. 1/${path}`, size] as const);
const NAME = "fotky č. 1";
const HUB = "ws://hub.example/announce";
const UDP = "udp://t.example:6969/announce";
/** A hub is announced to over HTTP by who does not know its WebSocket. */
const TRACKERS = [HUB, "http://hub.example/announce", UDP];
const ANNOUNCE = "http://t.example/announce";

let bed: ProcessBed;

beforeAll(async () => {
  bed = await ProcessBed.open();
  for (const [index, [path, size]] of SHARED.entries()) await writeContent(bed.path(path), size, index);
});

afterAll(async () => {
  await bed.close();
});

describe("what we make", () => {
  let created: EventOf<"created">;
  let torrent: string;

  beforeAll(async () => {
    torrent = bed.path("ours.torrent");
    created = await bed
      .run(["create", NAME, "-o", torrent, "--piece-length", "32K", "--tracker", HUB, "--tracker", UDP])
      .event("created");
  });

  it.each([
    ["libtorrent", readWithLibtorrent],
    ["WebTorrent", readWithWebTorrent],
  ])("opens in %s, the .torrent file and the magnet", async (_, read) => {
    const { infoHash } = created;
    expect(await read(torrent)).toMatchObject({ infoHash, name: NAME, files: SHARED });
    expect([...(await read(torrent)).trackers].sort()).toEqual([...TRACKERS].sort());
    const magnet = await read(created.magnet);
    expect(magnet).toMatchObject({ infoHash, name: NAME });
    expect([...magnet.trackers].sort()).toEqual([...TRACKERS].sort());
  });

  it.each([
    ["transmission-show", showWithTransmission],
    ["aria2c", showWithAria2],
  ])("opens in %s, the .torrent file", async (_, show) => {
    const text = await show(torrent);
    for (const part of [created.infoHash, NAME, "http://hub.example/announce", UDP, ...SHARED.map(([path]) => path)]) {
      expect(text).toContain(part);
    }
  });

  it.each([
    ["libtorrent", readWithLibtorrent],
    ["WebTorrent", readWithWebTorrent],
  ])("opens in %s, a magnet with everything that ours may hold", async (_, read) => {
    const infoHash = created.infoHash as InfoHash;
    const magnet = formatMagnet({
      infoHash,
      name: NAME,
      trackers: TRACKERS,
      endpoints: ["ws://192.0.2.1:4000/peer", "tcp://192.0.2.1:4000"],
      webSeeds: ["https://web.example/files/"],
    });
    expect(await read(`${magnet}&so=0,2-3`)).toMatchObject({ infoHash, name: NAME });
  });
});

describe("what others make opens in ours", () => {
  /** What `shoal info` says of a `.torrent` file. */
  async function info(path: string): Promise<EventOf<"share">> {
    return await bed.run(["info", path, "--timeout", "1s"]).event("share");
  }

  const makers: readonly [string, (output: string) => Promise<string>][] = [
    ["mktorrent", (output) => makeTorrent(bed.path(NAME), ANNOUNCE, output)],
    ["libtorrent", async (output) => (await makeWithLibtorrent("v1", bed.path(NAME), ANNOUNCE, output)).infoHash],
    [
      "libtorrent, of versions 1 and 2,",
      async (output) => (await makeWithLibtorrent("hybrid", bed.path(NAME), ANNOUNCE, output)).infoHash,
    ],
    ["WebTorrent", async (output) => (await makeWithWebTorrent(bed.path(NAME), ANNOUNCE, output)).infoHash],
    [
      "transmission-create",
      async (output) => {
        const program = await ensureProgram("transmission-create", "transmission-cli");
        await run(program, ["-o", output, "-t", ANNOUNCE, bed.path(NAME)]);
        return /Hash: ([0-9a-f]{40})/.exec(await showWithTransmission(output))?.[1] ?? "";
      },
    ],
  ];

  it.concurrent.each(makers)("a .torrent file of %s", async (maker, make) => {
    const output = bed.path(`${maker}.torrent`);
    const infoHash = await make(output);
    const share = await info(output);
    expect(share).toMatchObject({ infoHash, name: NAME, trackers: [ANNOUNCE] });
    const files = share.files.map(({ path, size }) => [`${NAME}/${path}`, size] as const);
    expect(new Map(files)).toEqual(new Map(SHARED));
  });

  it("a magnet of libtorrent, WebTorrent and Transmission", async () => {
    const torrent = bed.path("for-magnets.torrent");
    const infoHash = await makeTorrent(bed.path(NAME), ANNOUNCE, torrent);
    const magnets = [
      (await readWithLibtorrent(torrent)).magnet,
      (await readWithWebTorrent(torrent)).magnet,
      (await showWithTransmission(torrent, "--magnet")).trim(),
    ];
    for (const magnet of magnets) {
      expect(parseMagnet(magnet ?? "")).toMatchObject({ infoHash, name: NAME, trackers: [ANNOUNCE] });
    }
  });
});
