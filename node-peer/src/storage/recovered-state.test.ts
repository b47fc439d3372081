import { crc32 } from "node:zlib";
import { parseInfoHash } from "@shoal/peer-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLAIM, recoverState } from "./recovered-state.js";
import {
  decodeHeader,
  decodeRecord,
  encodeHeader,
  encodeRecords,
  RECORD_BYTES,
  type StateRecord,
} from "./state-record.js";

const PIECES = 12;
const FILES = 4;
const infoHash = parseInfoHash("0123456789abcdef0123456789abcdef01234567")!;
const share = { infoHash, pieceCount: PIECES, fileCount: FILES };
const epoch = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
const thisBoot = new Uint8Array(16).fill(7);
const otherBoot = new Uint8Array(16).fill(8);

function logOf(records: readonly StateRecord[]): Uint8Array {
  const header = encodeHeader({ infoHash, pieceCount: PIECES, epoch });
  return Uint8Array.from([...header, ...encodeRecords(records, epoch, 1)]);
}

/** A letter a piece, where the system says that it is `bootId`, or does not say what it is. */
function claimsOf(bytes: Uint8Array, bootId: Uint8Array | "unknown" = thisBoot): string {
  const letters = { [CLAIM.none]: ".", [CLAIM.doubtful]: "?", [CLAIM.cached]: "c", [CLAIM.synced]: "s" };
  const state = recoverState(bytes, share, bootId === "unknown" ? undefined : bootId);
  return state === undefined ? "none" : [...state.claims].map((claim) => letters[claim as 0 | 1 | 2 | 3]).join("");
}

const have = (first: number, count = 1): StateRecord => ({ type: "have", first, count });
const boot = (bootId: Uint8Array): StateRecord => ({ type: "boot", bootId });

const stamp = (file: number): StateRecord => ({
  type: "stamp",
  file,
  stamp: { mtimeNs: 1n, ctimeNs: 2n, inode: 3n },
});

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const anyRecord: fc.Arbitrary<StateRecord> = fc.oneof(
  fc.nat(PIECES - 1).map((first) => have(first)),
  fc.nat(PIECES - 1).map((piece): StateRecord => ({ type: "lost", piece })),
  fc.nat(FILES - 1).map((first): StateRecord => ({ type: "wanted", first, count: 1 })),
  fc.constantFrom(boot(thisBoot), boot(otherBoot)),
  fc
    .record({ file: fc.integer({ min: -1, max: FILES - 1 }), mtimeNs: uint64, ctimeNs: uint64, inode: uint64 })
    .map(({ file, ...stamp }): StateRecord => ({ type: "stamp", file, stamp })),
  fc.constant<StateRecord>({ type: "synced", records: 1 }),
);

/** The pieces stored after each prefix of the records, as sets. */
function truths(records: readonly StateRecord[]): Set<number>[] {
  const stored = new Set<number>();
  const after = [new Set<number>()];
  for (const record of records) {
    if (record.type === "have") for (let at = 0; at < record.count; at++) stored.add(record.first + at);
    if (record.type === "lost") stored.delete(record.piece);
    after.push(new Set(stored));
  }
  return after;
}

function believed(bytes: Uint8Array): Set<number> | undefined {
  const state = recoverState(bytes, share, thisBoot);
  if (state === undefined) return undefined;
  return new Set([...state.claims.keys()].filter((piece) => (state.claims[piece] ?? 0) > CLAIM.doubtful));
}

describe("state records", () => {
  it("come back as they were written", () => {
    fc.assert(
      fc.property(anyRecord, fc.nat(1000), (record, index) => {
        expect(decodeRecord(encodeRecords([record], epoch, index), epoch, index)).toEqual(record);
      }),
    );
  });

  it("are not taken at another place or for another log's", () => {
    const bytes = encodeRecords([have(3)], epoch, 5);
    expect(decodeRecord(bytes, epoch, 6)).toBeUndefined();
    expect(
      decodeRecord(
        bytes,
        epoch.map((byte) => byte + 1),
        5,
      ),
    ).toBeUndefined();
  });

  it("have a header that is refused when it is of another format, or not all there", () => {
    const header = encodeHeader({ infoHash, pieceCount: PIECES, epoch });
    expect(decodeHeader(header.subarray(0, RECORD_BYTES - 1))).toBeUndefined();
    const next = header.slice();
    next[3] = (next[3] ?? 0) + 1;
    new DataView(next.buffer).setUint32(RECORD_BYTES - 4, crc32(next.subarray(0, RECORD_BYTES - 4)));
    expect(decodeHeader(next)).toBeUndefined();
  });

  it("have a header that is refused when any bit is flipped", () => {
    const header = encodeHeader({ infoHash, pieceCount: PIECES, epoch });
    expect(decodeHeader(header)).toEqual({ infoHash, pieceCount: PIECES, epoch });
    for (let bit = 0; bit < RECORD_BYTES * 8; bit++) {
      const damaged = header.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeHeader(damaged)).toBeUndefined();
    }
  });
});

describe("a recovered state", () => {
  it("believes what was written since the system started, and what was synced before", () => {
    const log = logOf([boot(otherBoot), have(0, 2), { type: "synced", records: 3 }, have(2), boot(thisBoot), have(3)]);
    expect(claimsOf(log)).toBe("ss?c........");
  });

  it("doubts everything unsynced where the system does not say when it started", () => {
    for (const id of [new Uint8Array(16), thisBoot])
      expect(claimsOf(logOf([boot(id), have(0)]), "unknown")).toBe("?...........");
  });

  it("takes a system whose id begins alike for another", () => {
    const alike = thisBoot.slice();
    alike[15] = 0;
    expect(claimsOf(logOf([boot(alike), have(0)]))).toBe("?...........");
  });

  it("tells whether this same system has written to the log, and did so last", () => {
    const isOfThisBoot = (...records: StateRecord[]) => recoverState(logOf(records), share, thisBoot)?.isOfThisBoot;
    expect(isOfThisBoot(have(0))).toBe(false);
    expect(isOfThisBoot(boot(otherBoot), boot(thisBoot))).toBe(true);
    expect(isOfThisBoot(boot(thisBoot), boot(otherBoot))).toBe(false);
  });

  it("does not call a claim synced that came after the sync began", () => {
    expect(claimsOf(logOf([boot(otherBoot), have(0), have(1), { type: "synced", records: 3 }]))).toBe("s?..........");
  });

  it("forgets lost pieces and remembers those that came again", () => {
    const lost: StateRecord = { type: "lost", piece: 1 };
    expect(claimsOf(logOf([boot(thisBoot), have(0, 3), lost]))).toBe("c.c.........");
    expect(claimsOf(logOf([boot(thisBoot), have(0, 3), lost, have(1)]))).toBe("ccc.........");
  });

  it("is none of another share's", () => {
    const header = encodeHeader({ infoHash, pieceCount: PIECES + 1, epoch });
    expect(claimsOf(header)).toBe("none");
    expect(claimsOf(new Uint8Array(3))).toBe("none");
  });

  it("doubts everything when a record makes no sense for the share", () => {
    expect(claimsOf(logOf([boot(thisBoot), have(0), have(PIECES - 1, 2)]))).toBe("????????????");
    expect(claimsOf(logOf([boot(thisBoot), have(0), { type: "synced", records: 99 }]))).toBe("????????????");
    expect(claimsOf(logOf([boot(thisBoot), have(0), stamp(FILES)]))).toBe("????????????");
    expect(claimsOf(logOf([boot(thisBoot), have(0), stamp(FILES - 1)]))).toBe("c...........");
  });

  it("believes no more than was true at some moment when the log is cut anywhere", () => {
    fc.assert(
      fc.property(fc.array(anyRecord), fc.nat(), (records, cut) => {
        const log = logOf([boot(thisBoot), ...records]);
        const bytes = log.subarray(0, cut % (log.length + 1));
        const whole = Math.max(0, Math.floor(bytes.length / RECORD_BYTES) - 2);
        const truth = truths(records)[whole];
        for (const piece of believed(bytes) ?? []) expect(truth).toContain(piece);
      }),
    );
  });

  it("believes nothing once a bit has flipped in a whole record", () => {
    fc.assert(
      fc.property(fc.array(anyRecord), fc.nat(), fc.nat(7), (records, at, bit) => {
        const bytes = logOf([boot(thisBoot), ...records]);
        const byte = at % bytes.length;
        bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit);
        expect(believed(bytes) ?? new Set()).toEqual(new Set());
      }),
    );
  });

  it("takes arbitrary bytes without harm", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const bytes = Uint8Array.from([...encodeHeader({ infoHash, pieceCount: PIECES, epoch }), ...noise]);
        expect(believed(bytes)).toEqual(new Set());
      }),
    );
  });
});
