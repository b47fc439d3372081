import { createHash } from "node:crypto";
import { parseTorrentFile, pieceHash, type Metainfo } from "@shoal/peer-core/torrent";
import { createWebCryptoHasher } from "@shoal/peer-core/platform";
import { seededRandom } from "@shoal/peer-core/testing";
import Wire from "bittorrent-protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { carryWire } from "../support/carry-wire.js";
import { writeContent } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";
import { dialRaw, RawRegistration } from "../support/raw-websocket-peer.js";

const BYTES = 12 * 1024 * 1024 + 12_345;
const BLOCK_BYTES = 16_384;
/** Requests that bittorrent-protocol keeps under way here, as WebTorrent does at moderate speed. */
const PIPELINE = 20;

let bed: ProcessBed;
let hub: TestHub;
let seedUrl: string;
let metainfo: Metainfo;
let content: string;

beforeAll(async () => {
  bed = await ProcessBed.open();
  hub = await TestHub.start(bed);
  content = await writeContent(bed.path("shared.bin"), BYTES, 1);
  const { infoHash } = await hub.upload("shared.bin").event("shared");
  const torrent = await fetch(new URL(`api/torrents/${infoHash}.torrent`, hub.url));
  ({ metainfo } = await parseTorrentFile(new Uint8Array(await torrent.arrayBuffer()), createWebCryptoHasher()));
  const registration = await RawRegistration.announce(hub.tracker, { infoHash, peerId: peerId("asker"), left: BYTES });
  seedUrl = (await registration.nextPeer()).endpoint;
  registration.close();
});

afterAll(async () => {
  await bed.close();
});

/** A peer id of its own for each link: a second link of one peer is refused while the first is being closed. */
function peerId(name: string): string {
  return Buffer.from(`-WW0100-${name.padEnd(12, "-")}`).toString("hex");
}

/** Asks for every block of a piece; resolves to the piece. Rejects as `Wire` does. */
async function fetchPiece(wire: Wire, size: number, piece: number): Promise<Buffer> {
  const begins = Array.from({ length: Math.ceil(size / BLOCK_BYTES) }, (_, at) => at * BLOCK_BYTES);
  const blocks = begins.map((begin) => {
    return new Promise<Uint8Array>((resolve, reject) => {
      wire.request(piece, begin, Math.min(BLOCK_BYTES, size - begin), (error, block) => {
        if (block) resolve(block);
        else reject(error ?? new Error("no block"));
      });
    });
  });
  return Buffer.concat(await Promise.all(blocks));
}

/** Fetches the whole share in order, several pieces at once, holding each against its hash. */
async function fetchAll(wire: Wire): Promise<string> {
  const { geometry } = metainfo;
  const pieces = [...geometry.pieces()];
  const atOnce = Math.max(1, Math.floor((PIPELINE * BLOCK_BYTES) / geometry.pieceLength));
  const whole = createHash("sha1");
  for (let from = 0; from < pieces.length; from += atOnce) {
    const group = pieces.slice(from, from + atOnce);
    const fetched = await Promise.all(group.map((piece) => fetchPiece(wire, geometry.pieceSize(piece), piece)));
    for (const [at, piece] of group.entries()) {
      const bytes = fetched[at] ?? Buffer.alloc(0);
      expect(createHash("sha1").update(bytes).digest()).toEqual(Buffer.from(pieceHash(metainfo, piece)));
      whole.update(bytes);
    }
  }
  return whole.digest("hex");
}

test.each([
  { speaks: "BEP 3 alone", plain: true, fast: false, tells: "bitfield" },
  { speaks: "BEP 3 and 10", plain: false, fast: false, tells: "bitfield" },
  { speaks: "BEP 3, 6 and 10", plain: false, fast: true, tells: "have-all" },
])("bittorrent-protocol gets a whole file from our seeder, speaking $speaks", async ({ plain, fast, tells }) => {
  const socket = await dialRaw(seedUrl);
  const wire = new Wire("websocket");
  const random = seededRandom(7);
  carryWire(wire, socket, { random: () => random.float(), plain });
  const told = new Promise((resolve, reject) => {
    wire.once(tells, resolve);
    socket.once("close", (code, reason) => reject(new Error(`closed: ${code} ${reason.toString()}`)));
  });
  const extended = new Promise((resolve) => wire.once("extended", (name: string) => resolve(name)));
  const unchoked = new Promise((resolve) => wire.once("unchoke", resolve));
  wire.handshake(metainfo.infoHash, peerId(`${tells}-${plain}`.slice(0, 12)), { fast });
  await told;
  expect(wire.hasFast).toBe(fast);
  for (const piece of metainfo.geometry.pieces()) expect(wire.peerPieces.get(piece)).toBe(true);
  if (plain) {
    expect(wire.peerExtendedHandshake).toEqual({});
  } else {
    expect(await extended).toBe("handshake");
    expect(wire.peerExtendedHandshake).toMatchObject({ metadata_size: metainfo.infoBytes.length, upload_only: 1 });
  }
  wire.interested();
  await unchoked;
  expect(await fetchAll(wire)).toBe(content);
  wire.destroy();
});
