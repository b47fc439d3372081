import { randomFillSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { createMetainfo, formatMagnet, Bitfield, type Metainfo } from "@shoal/peer-core/torrent";
import { createWebCryptoHasher } from "@shoal/peer-core/platform";
import { seededRandom } from "@shoal/peer-core/testing";
import Wire, { type WireExtensionClass } from "bittorrent-protocol";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { WebSocket } from "ws";
import { carryWire } from "../support/carry-wire.js";
import { hashFile } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";
import { RawPeerListener, RawRegistration } from "../support/raw-websocket-peer.js";

/** Over 819 pieces, so that the metadata takes more than one part of 16 KiB. */
const PIECE_LENGTH = 32 * 1024;
const BYTES = 900 * PIECE_LENGTH + 777;
const METADATA_PART_BYTES = 16_384;
const PEER_ID = Buffer.from("-WW0100-abcdefghijkl").toString("hex");

interface Speaks {
  readonly plain: boolean;
  readonly fast: boolean;
  readonly metadata: boolean;
}

let bed: ProcessBed;
let hub: TestHub;
let listener: RawPeerListener | undefined;
let registration: RawRegistration | undefined;
let content: Uint8Array;
let metainfo: Metainfo;

beforeAll(async () => {
  bed = await ProcessBed.open();
  hub = await TestHub.start(bed);
  content = randomFillSync(new Uint8Array(BYTES));
  await writeFile(bed.path("original"), content);
});

afterEach(() => {
  registration?.close();
  listener?.close();
});

afterAll(async () => {
  await bed.close();
});

/** A share of its own for each test, with the same content under another name. */
async function describeContent(name: string): Promise<Metainfo> {
  const read = (position: number, into: Uint8Array) => {
    into.set(content.subarray(position, position + into.length));
    return Promise.resolve(into.length);
  };
  const files = [{ path: [name], length: BYTES, read }];
  const hasher = createWebCryptoHasher();
  return await createMetainfo({ name, isMultiFile: false, pieceLength: PIECE_LENGTH, files, hasher });
}

/** Answers requests for metadata as `ut_metadata` does (BEP 9). */
function metadataServer(info: Uint8Array): WireExtensionClass {
  class UtMetadata {
    declare readonly name: string;
    readonly #wire: Wire;

    constructor(wire: Wire) {
      this.#wire = wire;
      wire.extendedHandshake.metadata_size = info.length;
    }

    onMessage(message: Uint8Array): void {
      const part = /^d8:msg_typei0e5:piecei(\d+)ee$/.exec(Buffer.from(message).toString("latin1"))?.[1];
      if (part === undefined) throw new Error("Not a request for metadata");
      const head = `d8:msg_typei1e5:piecei${part}e10:total_sizei${info.length}ee`;
      const from = Number(part) * METADATA_PART_BYTES;
      const data = info.subarray(from, from + METADATA_PART_BYTES);
      this.#wire.extended("ut_metadata", Buffer.concat([Buffer.from(head), data]));
    }
  }
  Object.defineProperty(UtMetadata.prototype, "name", { value: "ut_metadata" });
  return UtMetadata;
}

/** Seeds `metainfo` with bittorrent-protocol on an accepted link; counts what is asked for. */
function seed(socket: WebSocket, speaks: Speaks, seen: { requests: number; longest: number }): void {
  const wire = new Wire("websocket");
  const random = seededRandom(11);
  carryWire(wire, socket, { random: () => random.float(), plain: speaks.plain });
  if (speaks.metadata) wire.use(metadataServer(metainfo.infoBytes));
  wire.once("handshake", (infoHash: string) => {
    expect(infoHash).toBe(metainfo.infoHash);
    wire.handshake(infoHash, PEER_ID, { fast: speaks.fast });
    if (wire.hasFast) wire.haveAll();
    else wire.bitfield(Bitfield.full(metainfo.geometry.pieceCount).toWire());
  });
  wire.on("interested", () => wire.unchoke());
  wire.on(
    "request",
    (piece: number, begin: number, length: number, respond: (error: null, block: Uint8Array) => void) => {
      seen.requests += 1;
      seen.longest = Math.max(seen.longest, length);
      const from = piece * PIECE_LENGTH + begin;
      respond(null, content.subarray(from, from + length));
    },
  );
}

test.each([
  { by: "BEP 3 alone", what: "torrent", speaks: { plain: true, fast: false, metadata: false } },
  { by: "BEP 3, 6 and 10", what: "torrent", speaks: { plain: false, fast: true, metadata: false } },
  { by: "BEP 3, 9 and 10", what: "info-hash", speaks: { plain: false, fast: false, metadata: true } },
  { by: "BEP 3, 6, 9 and 10", what: "magnet", speaks: { plain: false, fast: true, metadata: true } },
])(
  "our downloader gets everything by $what from bittorrent-protocol, which speaks $by",
  async ({ by, what, speaks }) => {
    const name = `${by.replaceAll(/\W+/g, "-")}.bin`;
    metainfo = await describeContent(name);
    const { infoHash } = metainfo;
    const seen = { requests: 0, longest: 0 };
    listener = await RawPeerListener.open((socket) => seed(socket, speaks, seen));
    const { url: endpoint } = listener;
    registration = await RawRegistration.announce(hub.tracker, { infoHash, peerId: PEER_ID, left: 0, endpoint });
    await mkdir(bed.path("torrents"), { recursive: true });
    const torrent = bed.path("torrents", `${name}.torrent`);
    await writeFile(torrent, Buffer.concat([Buffer.from("d4:info"), metainfo.infoBytes, Buffer.from("e")]));
    const magnet = formatMagnet({ infoHash, name, trackers: [hub.tracker], endpoints: [], webSeeds: [] });
    const asked = { torrent, "info-hash": infoHash, magnet }[what] ?? "";

    const downloader = hub.download(asked, "got");
    expect(await downloader.end()).toEqual({ code: 0, signal: null });
    expect(await hashFile(bed.path("got", name))).toBe(await hashFile(bed.path("original")));
    // Who says nothing of longer blocks gets the requests that every client serves, and each but once.
    expect(seen).toEqual({ requests: Math.ceil(BYTES / 16_384), longest: 16_384 });
  },
);
