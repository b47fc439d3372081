import { constants } from "node:fs";
import { mkdir, open, rm, statfs } from "node:fs/promises";
import { ShoalError, type PieceIndex } from "@shoal/peer-core";
import { FileLayout, type Metainfo } from "@shoal/peer-core/torrent";
import { readBootId } from "./boot-id.js";
import type { CheckedWriter } from "./checked-writer.js";
import { ClaimRecorder, rangesOf } from "./claim-recorder.js";
import {
  confirmClaims,
  stampAgain,
  type ConfirmContext,
  type ConfirmedClaims,
  type VerifyPiece,
} from "./confirm-claims.js";
import { diskError, errnoOf } from "./disk-error.js";
import type { FileLook } from "./file-look.js";
import { FsPieceStore } from "./fs-piece-store.js";
import { makeFolder } from "./make-folder.js";
import { PartFiles } from "./part-files.js";
import { isTaken, type ExistingTarget } from "./place-target.js";
import { takeBack } from "./placed-target.js";
import { assertRecognized, reportRecheck, type RecheckReport } from "./recheck-report.js";
import { findTarget, recoverTarget, type Recovered } from "./recover-target.js";
import { CLAIM } from "./recovered-state.js";
import { StateLog } from "./state-log.js";
import { BOOT_ID_BYTES, type FileStamp, type StateRecord } from "./state-record.js";
import { TargetLock } from "./target-lock.js";
import { targetPaths, type TargetPaths } from "./target-paths.js";

export interface FsPieceStoreOptions {
  readonly metainfo: Metainfo;
  /** Where to put it; made when missing. */
  readonly directory: string;
  /** Indexes of the files to store under their names; all when left out. */
  readonly selected?: ReadonlySet<number> | undefined;
  /** "refuse" when left out. A folder that is overwritten keeps what is not in the share. */
  readonly existing?: ExistingTarget | undefined;
  /** Hashes a piece that is said to be stored but might not be; without it such pieces count as missing. */
  readonly verifyPiece?: VerifyPiece | undefined;
  /** Makes hashing and writing one; needs `verifyPiece` for what it does not take. */
  readonly checkedWriter?: CheckedWriter | undefined;
  /**
   * Every piece is read and hashed, whatever the record says; needs `verifyPiece`. What has its final name is checked
   * there, keeps it when it is whole, and is an unfinished download again when it is not. It is never replaced by this
   * alone: what shows no piece of the share is refused as "exists", as is a folder with files that are not selected.
   */
  readonly recheck?: boolean | undefined;
  /** With `recheck`, what was found, where there was anything to check. */
  readonly onRechecked?: ((report: RecheckReport) => void) | undefined;
  /** Called as pieces are verified: bytes checked so far, and to check in all. */
  readonly onChecked?: ((checkedBytes: number, totalBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a download, new or begun earlier, and locks it. Rejects with ShoalError "unsafe-name"; "exists" when the target
 * is there already or another process downloads it; "disk-full" when what is missing has no room; "disk"; "aborted".
 */
export async function openFsPieceStore(options: FsPieceStoreOptions): Promise<FsPieceStore> {
  const paths = targetPaths(options.metainfo, options.directory);
  try {
    await makeFolder(paths.directory);
  } catch (error) {
    throw diskError(error, "make the folder", paths.directory);
  }
  const lock = await TargetLock.take(paths.lockPath);
  try {
    return await openLocked(options, paths, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** True when the final name of this share is taken in `directory`. Rejects with ShoalError "unsafe-name" or "disk". */
export async function isTargetTaken(metainfo: Metainfo, directory: string): Promise<boolean> {
  return isTaken(targetPaths(metainfo, directory).finalPath);
}

async function openLocked(options: FsPieceStoreOptions, paths: TargetPaths, lock: TargetLock): Promise<FsPieceStore> {
  const { metainfo, verifyPiece } = options;
  const existing = options.existing ?? "refuse";
  const layout = new FileLayout(metainfo.files, options.selected);
  const found = await findTarget(options, paths, layout);
  const files = new PartFiles(metainfo, layout, paths, options.checkedWriter);
  try {
    const bootId = await readBootId();
    const recovered = await recoverTarget(options, paths, { bootId, found });
    const confirm = found === "placed" ? confirmPlaced : confirmHere;
    const confirmed = await confirm(recovered, { ...options, layout, files, paths });
    const log = await StateLog.create(
      paths.statePath,
      { infoHash: metainfo.infoHash, pieceCount: metainfo.geometry.pieceCount, target: paths.partPath },
      stateRecords(confirmed, { layout, metainfo, bootId }),
    );
    if (recovered.isNew) await claimPart(metainfo, paths, log);
    const recorder = new ClaimRecorder(log, files, confirmed.unsynced);
    const have = confirmed.claims.map((claim) => (claim === CLAIM.none ? 0 : 1));
    const { placedLooks } = confirmed;
    const parts = { metainfo, layout, paths, existing, have, files, recorder, lock, verifyPiece, placedLooks };
    return new FsPieceStore(parts);
  } catch (error) {
    await files.close();
    throw error;
  }
}

interface Confirming extends ConfirmContext {
  readonly paths: TargetPaths;
  readonly recheck?: boolean | undefined;
  readonly existing?: ExistingTarget | undefined;
  readonly onRechecked?: ((report: RecheckReport) => void) | undefined;
}

interface Confirmed extends ConfirmedClaims {
  /** It is whole and keeps its final name: what its files looked like before they were read. */
  readonly placedLooks?: ReadonlyMap<number, FileLook> | undefined;
}

/** Checks what is claimed, and that there is room for the rest. */
async function confirmHere(recovered: Recovered, context: Confirming): Promise<Confirmed> {
  const { metainfo, layout, paths, recheck } = context;
  if (recheck !== true) return await confirmIn(context.files, recovered, context);
  // It may turn out to be none of ours.
  const reading = new PartFiles(metainfo, layout, paths);
  reading.onlyRead();
  try {
    return await confirmIn(reading, recovered, context);
  } finally {
    await reading.close();
  }
}

async function confirmIn(files: PartFiles, recovered: Recovered, from: Confirming): Promise<ConfirmedClaims> {
  const context = { ...from, files };
  const { metainfo, layout, paths, onRechecked } = context;
  const confirmed = await confirmClaims(recovered.state, context);
  if (context.recheck === true && !recovered.isNew) {
    const report = await reportRecheck(recovered.claimed, confirmed, context);
    if (!recovered.hasRecord && context.existing !== "overwrite") assertRecognized(report);
    onRechecked?.(report);
  }
  await assertRoom(metainfo, layout, { claims: confirmed.claims, paths });
  return confirmed;
}

/** The same with what has its final name, which it loses at the end only: whatever fails before leaves it alone. */
async function confirmPlaced(recovered: Recovered, context: Confirming): Promise<Confirmed> {
  const { metainfo, layout, paths, files } = context;
  const placed = new PartFiles(metainfo, layout, paths);
  placed.placed();
  let report: RecheckReport | undefined;
  let confirmed: ConfirmedClaims;
  try {
    const onRechecked = (told: RecheckReport) => {
      report = told;
      context.onRechecked?.(told);
    };
    // Whoever put it there since may have put something else there.
    confirmed = await confirmIn(placed, { ...recovered, hasRecord: false }, { ...context, onRechecked });
  } finally {
    await placed.close();
  }
  if (report?.isWhole === true) {
    files.placed();
    const looks = [...confirmed.stamps].map(([file, stamp]) => [file, files.lookOf(file, stamp)] as const);
    return { ...confirmed, placedLooks: new Map(looks) };
  }
  await takeBack(paths);
  for (const file of report?.misshapen ?? []) await files.shape(file);
  return { ...confirmed, stamps: await stampAgain(confirmed.stamps, files) };
}

/** Makes the file or folder of the download, which must not be there: another share of this name may have just begun. */
async function claimPart(metainfo: Metainfo, paths: TargetPaths, log: StateLog): Promise<void> {
  try {
    if (metainfo.isMultiFile) {
      await mkdir(paths.partPath);
    } else {
      const handle = await open(paths.partPath, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o666);
      await handle.close();
    }
  } catch (error) {
    await log.close();
    await rm(paths.statePath, { force: true });
    if (errnoOf(error) !== "EEXIST") throw diskError(error, "make", paths.partPath);
    throw new ShoalError("exists", `${paths.partPath} is being used by another download`, { cause: error });
  }
}

/** Rejects with ShoalError "disk-full" when the missing wanted pieces are more than the file system has room for. */
async function assertRoom(
  metainfo: Metainfo,
  layout: FileLayout,
  target: { readonly claims: Uint8Array; readonly paths: TargetPaths },
): Promise<void> {
  const { geometry } = metainfo;
  let missing = 0;
  for (const piece of geometry.pieces()) {
    const size = geometry.pieceSize(piece);
    if (target.claims[piece] === CLAIM.none && layout.isWanted(geometry.pieceOffset(piece), size)) missing += size;
  }
  const { bavail, bsize } = await statfs(target.paths.directory).catch(() => ({ bavail: Infinity, bsize: 1 }));
  const free = bavail * bsize;
  if (missing <= free) return;
  const { directory } = target.paths;
  throw new ShoalError("disk-full", `The download needs ${missing} bytes in ${directory}, where ${free} are free`);
}

function stateRecords(
  confirmed: { readonly claims: Uint8Array; readonly stamps: ReadonlyMap<number, FileStamp> },
  context: { readonly layout: FileLayout; readonly metainfo: Metainfo; readonly bootId: Uint8Array | undefined },
): StateRecord[] {
  const piecesWith = (claim: number) =>
    [...context.metainfo.geometry.pieces()].filter((piece: PieceIndex) => confirmed.claims[piece] === claim);
  const stored = [...context.metainfo.files.keys()].filter((file) => context.layout.isStored(file));
  const records: StateRecord[] = [
    { type: "boot", bootId: context.bootId ?? new Uint8Array(BOOT_ID_BYTES) },
    ...rangesOf(stored, "wanted"),
    ...rangesOf(piecesWith(CLAIM.synced), "have"),
  ];
  records.push({ type: "synced", records: 1 + records.length });
  records.push(...rangesOf(piecesWith(CLAIM.cached), "have"));
  for (const [file, stamp] of confirmed.stamps) records.push({ type: "stamp", file, stamp });
  return records;
}
