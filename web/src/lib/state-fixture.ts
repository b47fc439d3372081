import type { EngineState, GetItem, ShareItem } from "../engine/messages.js";

/** An info-hash that ends in that digit. */
export function hashEnding(digit: number): string {
  return `0123456789abcdef0123456789abcdef0123456${digit}`;
}

/** An engine with nothing under way, in a browser that can everything. */
export function exampleState(fields: Partial<EngineState> = {}): EngineState {
  return {
    shares: [],
    gets: [],
    abilities: { isSecure: true, hasOpfs: true, hasLocks: true, hasWebCrypto: true },
    hub: { kind: "connected" },
    storage: undefined,
    ...fields,
  };
}

/** A file that is shared with nobody yet. */
export function exampleShare(fields: Partial<ShareItem> = {}): ShareItem {
  return {
    id: "share-1",
    infoHash: hashEnding(1),
    name: "holiday.mov",
    size: 1_300_000_000,
    fileCount: 1,
    isListed: true,
    state: { kind: "sharing" },
    lostPieces: 0,
    upBytesPerSecond: 0,
    uploaded: 0,
    leeches: 0,
    seeds: 0,
    closing: { kind: "needed" },
    peers: [],
    ...fields,
  };
}

/** A file of which a third has come. */
export function exampleGet(fields: Partial<GetItem> = {}): GetItem {
  return {
    infoHash: hashEnding(2),
    name: "thesis-data.zip",
    size: 12_000_000_000,
    files: [{ path: ["thesis-data.zip"], size: 12_000_000_000, isChosen: true, doneBytes: 4_100_000_000 }],
    pieceLength: 4_194_304,
    state: { kind: "getting", etaSeconds: 185 },
    chosenBytes: 12_000_000_000,
    doneBytes: 4_100_000_000,
    downBytesPerSecond: 41_000_000,
    upBytesPerSecond: 0,
    uploaded: 0,
    leeches: 2,
    seeds: 2,
    sourceCount: 3,
    relayCount: 1,
    closing: { kind: "needed" },
    why: undefined,
    peers: [],
    pieceMap: undefined,
    sources: [],
    pieceCount: 2_862,
    verifiedPieces: 978,
    ...fields,
  };
}
