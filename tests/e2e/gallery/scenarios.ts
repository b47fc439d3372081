import {
  PIECE,
  type EngineEvent,
  type EngineState,
  type GetItem,
  type PeerRow,
  type PieceSource,
  type ShareItem,
} from "../../../web/src/engine/messages.js";
import { exampleGet, exampleShare, exampleState, hashEnding } from "../../../web/src/lib/state-fixture.js";
import type { ScenarioName } from "../page-scenarios.js";
import type { HubScript } from "./scripted-hub.js";

/** One state of the page and the way to it. */
export interface Scenario {
  readonly state: EngineState;
  readonly hash?: string;
  readonly hub?: HubScript;
  readonly event?: EngineEvent;
  /** Clicked one after the other once the page is there. */
  readonly clicks?: readonly string[];
  readonly drags?: boolean;
}

const NOW = Date.now();
const MINUTE = 60_000;
const DETAILS = "[data-testid=details] > summary";
const SHARE_PAGE = `#/s/${hashEnding(2)}`;

const peers: readonly PeerRow[] = [
  peer("relay", "hub.example", 22_000_000, 5_200_000_000, 1),
  peer("seed", "seedbox.example.net", 19_000_000, 7_000_000_000, 1),
  peer("peer", "a browser, 192.0.2.17", 300_000, 41_000_000, 0.37),
];

function peer(kind: PeerRow["kind"], label: string, rate: number, total: number, share: number): PeerRow {
  const figures = { downBytesPerSecond: rate, upBytesPerSecond: rate, downloaded: total, uploaded: total, share };
  return { id: label, label, kind, client: "Shoal 0.1.0", ...figures };
}

const manyPeers: readonly PeerRow[] = [
  ...peers,
  peer("seed", "2001:db8:85a3::8a2e:370:7334", 4_200_000, 1_900_000_000, 1),
  peer("peer", "a-very-long-host-name-that-has-to-break.customers.provider.example", 900_000, 310_000_000, 0.8),
  peer("peer", "198.51.100.23", 120_000, 9_000_000, 0.12),
];

/** What each of them has brought of 978 pieces. */
function sourcesOf(rows: readonly PeerRow[]): readonly PieceSource[] {
  return rows.map(({ id, label }, index) => ({ id, label, pieceCount: Math.ceil(560 / 2 ** index) }));
}

/** A map of which a third is here, in runs from so many sources, with some under way. */
function pieceMap(count: number, sources = 3): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => {
    const at = (index * 7919) % 100;
    const run = Math.floor(index / 5) * 31 + Math.floor(index / 40);
    if (index < count / 4 || at < 12) return PIECE.from + (run % sources);
    return at < 16 && index < count / 2 ? PIECE.underWay : PIECE.missing;
  });
}

const folderFiles = [
  file(["README.md"], 4_200),
  file(["raw", "2026-05-01", "harbour.flac"], 412_000_000),
  file(["raw", "2026-05-01", "gulls, far away and a very long name that has to break somewhere.flac"], 388_000_000),
  file(["raw", "2026-05-02", "rain.flac"], 290_000_000),
  file(["notes", "places.txt"], 12_300, false),
  file(["notes", "times.csv"], 800, false),
];

function file(path: readonly string[], size: number, isChosen = true) {
  return { path, size, isChosen, doneBytes: 0 };
}

const folder: Partial<GetItem> = {
  name: "Field recordings",
  size: 1_090_017_300,
  chosenBytes: 1_090_004_200,
  doneBytes: 0,
  files: folderFiles,
};

function sharing(...shares: readonly Partial<ShareItem>[]): Scenario {
  const items = shares.map((share, index) =>
    exampleShare({ id: `share-${index}`, infoHash: hashEnding(index), ...share }),
  );
  return { state: exampleState({ shares: items }) };
}

function getting(get: Partial<GetItem>, more: Partial<Scenario> = {}): Scenario {
  return { state: exampleState({ gets: [exampleGet(get)] }), hash: SHARE_PAGE, hub: "knows-the-share", ...more };
}

const found: Partial<GetItem> = { state: { kind: "found" }, doneBytes: 0, sourceCount: 0, relayCount: 0 };
const stalled: Partial<GetItem> = {
  state: { kind: "stalled", sinceMs: NOW - 4 * MINUTE },
  doneBytes: 10_560_000_000,
  downBytesPerSecond: 0,
  sourceCount: 1,
  relayCount: 0,
  seeds: 0,
  why: {
    kind: "nobody-has-the-rest",
    lastSeenMs: NOW - 4 * MINUTE,
    missingShare: 0.12,
    tried: [
      {
        what: "tracker",
        address: "wss://hub.example/announce",
        answer: "2 peers, none of them a seed",
        atMs: NOW - 20_000,
      },
      { what: "relay", address: "wss://relay.example/peer", answer: "does not carry this share", atMs: NOW - 40_000 },
      {
        what: "peer",
        address: "192.0.2.17",
        answer: "has 88 % of it, nothing that is missing here",
        atMs: NOW - MINUTE,
      },
    ],
  },
};
const people: Partial<ShareItem> = {
  leeches: 3,
  seeds: 1,
  upBytesPerSecond: 8_400_000,
  uploaded: 3_900_000_000,
  peers: peers.slice(1),
};
const kept = { kind: "safe", by: ["hub.example"], untilMs: NOW + 2 * 86_400_000 } as const;
const failed = (code: "disk-full" | "bad-content", message: string): Partial<GetItem> => ({
  state: { kind: "failed", trouble: { code, message } },
  downBytesPerSecond: 0,
});
const done = (isHelping: boolean, more: Partial<GetItem> = {}): Partial<GetItem> => ({
  state: { kind: "done", isHelping },
  doneBytes: 12_000_000_000,
  uploaded: isHelping ? 820_000_000 : 0,
  upBytesPerSecond: isHelping ? 1_200_000 : 0,
  verifiedPieces: 2_862,
  ...more,
});

export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  "first-visit": { state: exampleState() },
  dragging: { state: exampleState(), drags: true },
  settings: {
    state: exampleState({ storage: { usedBytes: 4_100_000_000, quotaBytes: 62_000_000_000, isKept: false } }),
    clicks: ["[aria-controls=settings]"],
  },
  hashing: sharing({
    infoHash: undefined,
    state: { kind: "hashing", doneBytes: 442_000_000, bytesPerSecond: 310_000_000 },
  }),
  publishing: sharing({ state: { kind: "publishing" } }),
  "sharing-nobody": sharing({}),
  "sharing-people": { ...sharing(people), clicks: [DETAILS] },
  "sharing-qr": { ...sharing({}), clicks: ["[data-testid=share-card] button[aria-expanded]"] },
  "safe-to-close": sharing(
    { ...people, closing: kept },
    { name: "thesis", isListed: false, fileCount: 214, closing: kept },
  ),
  "file-changed": sharing({
    state: {
      kind: "failed",
      trouble: { code: "source-changed", message: "holiday.mov has another size than when it was shared" },
    },
  }),
  "pieces-lost": sharing({ lostPieces: 3, leeches: 1, uploaded: 240_000_000 }),
  "needs-files": sharing(
    { state: { kind: "needs-files", canGrant: false } },
    { name: "thesis", fileCount: 214, state: { kind: "needs-files", canGrant: false } },
  ),
  "needs-grant": sharing({ state: { kind: "needs-files", canGrant: true } }),
  "own-share-opened": { ...sharing(people), hash: `#/s/${hashEnding(0)}` },
  looking: getting(
    {
      ...found,
      state: { kind: "looking", sinceMs: NOW - 2 * MINUTE },
      name: undefined,
      files: [],
      size: 0,
      seeds: 0,
      leeches: 0,
    },
    { hub: "unreachable" },
  ),
  unknown: getting(
    { ...found, state: { kind: "unknown" }, name: undefined, files: [], size: 0, seeds: 0, leeches: 0 },
    { hub: "nothing" },
  ),
  found: getting(found),
  "found-folder": getting(
    { ...found, ...folder },
    { clicks: ["[data-testid=file-row] ~ li button", "main section li button"] },
  ),
  "found-no-seeders": getting({ ...found, seeds: 0 }, { hub: "no-seeders" }),
  getting: getting({}),
  "getting-details": getting({ peers, sources: sourcesOf(peers), pieceMap: pieceMap(640) }, { clicks: [DETAILS] }),
  "getting-many-sources": getting(
    { peers: manyPeers, sources: sourcesOf(manyPeers), pieceMap: pieceMap(400, manyPeers.length) },
    { clicks: [DETAILS] },
  ),
  "getting-source-gone": getting(
    {
      peers: peers.slice(1),
      sources: sourcesOf(peers),
      pieceMap: pieceMap(640).map((byte, index) => (index < 60 ? PIECE.here : byte)),
    },
    { clicks: [DETAILS] },
  ),
  "getting-many-pieces": getting(
    { ...folder, doneBytes: 370_000_000, peers, sources: sourcesOf(peers), pieceMap: pieceMap(4_096) },
    { clicks: [DETAILS] },
  ),
  paused: getting({ state: { kind: "paused" }, downBytesPerSecond: 0 }),
  cancelled: { state: exampleState({ gets: [exampleGet({})] }), clicks: ["[data-testid=cancel-button]"] },
  stalled: getting(stalled, { hub: "no-seeders" }),
  "stalled-tried": getting(stalled, { hub: "no-seeders", clicks: ["[data-testid=why-stuck] ~ details > summary"] }),
  checking: getting({ state: { kind: "checking" } }),
  interrupted: getting({ state: { kind: "interrupted" }, downBytesPerSecond: 0 }),
  done: getting(done(true)),
  "done-folder": getting(done(true, { ...folder, doneBytes: 1_090_004_200 })),
  "done-not-helping": getting(done(false)),
  "disk-full": getting(failed("disk-full", "QuotaExceededError: 4.1 GB of 4.2 GB are used")),
  "bad-content": getting(failed("bad-content", "Expected the info-hash 0123…, got 4567…")),
  "busy-home": {
    state: exampleState({
      shares: [
        exampleShare({ ...people, closing: kept }),
        exampleShare({ id: "b", infoHash: hashEnding(7), name: "notes.pdf", size: 2_400_000 }),
      ],
      gets: [
        exampleGet({ name: "thesis-data" }),
        exampleGet({ infoHash: hashEnding(3), name: "a talk.webm", ...done(true) }),
      ],
    }),
  },
  "hub-unreachable": {
    state: exampleState({
      hub: { kind: "unreachable", sinceMs: NOW - 3 * MINUTE },
      shares: [exampleShare(people)],
    }),
    hub: "unreachable",
  },
  "plain-http": {
    state: exampleState({ abilities: { isSecure: false, hasOpfs: false, hasLocks: false, hasWebCrypto: false } }),
  },
  "engine-not-loaded": { state: exampleState(), event: { type: "not-loaded" } },
  "engine-broken": {
    state: exampleState(),
    event: { type: "broken", message: "SecurityError: IndexedDB is not allowed here" },
  },
  "broken-link": { state: exampleState(), hash: "#/s/123" },
  "private-link": { state: exampleState(), hash: `#/s/${hashEnding(2)}/secret` },
  "search-results": { state: exampleState(), hash: "#/?q=harbour" },
  "search-none": { state: exampleState(), hash: "#/?q=zebra", hub: "nothing" },
  "catalogue-empty": { state: exampleState(), hub: "nothing" },
  "catalogue-closed": { state: exampleState(), hub: "closed" },
};
