import type { InfoHash } from "@shoal/peer-core";
import { decodeHeader, decodeRecord, RECORD_BYTES, type FileStamp, type StateRecord } from "./state-record.js";

/** How far the claim that a piece is stored can be believed, as far as the log goes. */
export const CLAIM = {
  /** Never claimed, or lost since. */
  none: 0,
  /** Claimed, but the bytes may have gone with a power failure, or the log is damaged: hash before believing. */
  doubtful: 1,
  /** Claimed, and the system whose page cache took the bytes still runs. */
  cached: 2,
  /** Claimed, and the bytes are on the disk. */
  synced: 3,
} as const;

/** What a state log says, in the order-independent form in which it is used. */
export interface RecoveredState {
  /** One CLAIM per piece. */
  readonly claims: Uint8Array;
  /** The last stamp of each file that has one. */
  readonly stamps: ReadonlyMap<number, FileStamp>;
  /** One entry per file, 1 when it was stored under its name. */
  readonly wanted: Uint8Array;
  /** Written while this same system ran: what it took is in its page cache. */
  readonly isOfThisBoot: boolean;
}

/**
 * Reads a state log. It may be torn or damaged in any way: the outcome then claims less, never more. A torn record at
 * the end is the mark of a killed process and harmless; anything else unreadable makes every piece doubtful, since a
 * record that a piece was lost may be what cannot be read. Undefined when even the header is not that of this share.
 */
export function recoverState(
  bytes: Uint8Array,
  share: { readonly infoHash: InfoHash; readonly pieceCount: number; readonly fileCount: number },
  bootId: Uint8Array | undefined,
): RecoveredState | undefined {
  const header = decodeHeader(bytes);
  if (header?.infoHash !== share.infoHash || header.pieceCount !== share.pieceCount) return undefined;
  const replay = new Replay(share.pieceCount, share.fileCount, bootId);
  const count = Math.floor(bytes.length / RECORD_BYTES);
  let isDamaged = false;
  for (let index = 1; index < count; index++) {
    const slot = bytes.subarray(index * RECORD_BYTES, (index + 1) * RECORD_BYTES);
    const record = decodeRecord(slot, header.epoch, index);
    if (record === undefined || !replay.apply(record, index)) isDamaged = true;
  }
  return replay.finish(isDamaged);
}

class Replay {
  readonly #bootId: Uint8Array | undefined;
  /** Per piece the number of the record that claims it; 0 when none does. */
  readonly #claimedIn: Uint32Array;
  readonly #stamps = new Map<number, FileStamp>();
  readonly #wanted: Uint8Array;
  #syncedRecords = 0;
  /** First record that was written while this same system ran: what it says was written is there, synced or not. */
  #sameBootFrom = Infinity;

  constructor(pieceCount: number, fileCount: number, bootId: Uint8Array | undefined) {
    this.#bootId = bootId;
    this.#claimedIn = new Uint32Array(pieceCount);
    this.#wanted = new Uint8Array(fileCount);
  }

  /** False when the record makes no sense for this share. */
  apply(record: StateRecord, index: number): boolean {
    switch (record.type) {
      case "boot":
        this.#sameBootFrom = this.#isThisBoot(record.bootId) ? Math.min(this.#sameBootFrom, index) : Infinity;
        return true;
      case "wanted":
        return fillRange(this.#wanted, record, 1);
      case "have":
        return fillRange(this.#claimedIn, record, index);
      case "lost":
        return fillRange(this.#claimedIn, { first: record.piece, count: 1 }, 0);
      case "stamp":
        if (record.file >= this.#wanted.length) return false;
        this.#stamps.set(record.file, record.stamp);
        return true;
      case "synced":
        this.#syncedRecords = Math.max(this.#syncedRecords, record.records);
        return record.records <= index;
    }
  }

  finish(isDamaged: boolean): RecoveredState {
    const claims = new Uint8Array(this.#claimedIn.length);
    for (const [piece, index] of this.#claimedIn.entries()) {
      if (index === 0) claims[piece] = CLAIM.none;
      else if (index < this.#syncedRecords) claims[piece] = CLAIM.synced;
      else claims[piece] = index >= this.#sameBootFrom ? CLAIM.cached : CLAIM.doubtful;
    }
    if (isDamaged) claims.fill(CLAIM.doubtful);
    return { claims, stamps: this.#stamps, wanted: this.#wanted, isOfThisBoot: this.#sameBootFrom < Infinity };
  }

  #isThisBoot(bootId: Uint8Array): boolean {
    return bootId.every((byte, at) => this.#bootId?.[at] === byte);
  }
}

function fillRange(
  target: Uint8Array | Uint32Array,
  range: { readonly first: number; readonly count: number },
  value: number,
): boolean {
  const end = range.first + range.count;
  if (end > target.length) return false;
  target.fill(value, range.first, end);
  return true;
}
