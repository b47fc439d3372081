import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseInfoHash, ShoalError } from "@shoal/peer-core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ClaimRecorder, rangesOf, type RecordedFiles } from "./claim-recorder.js";
import { CLAIM, recoverState } from "./recovered-state.js";
import { StateLog } from "./state-log.js";

const PIECES = 6;
const infoHash = parseInfoHash("0123456789abcdef0123456789abcdef01234567")!;
const bootId = new Uint8Array(16).fill(7);

let directory: string;
let path: string;
let log: StateLog;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "shoal-recorder-"));
  path = join(directory, "state");
  log = await StateLog.create(path, { infoHash, pieceCount: PIECES, target: "target" }, [{ type: "boot", bootId }]);
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(directory, { recursive: true, force: true });
});

/** Files of which nothing is known but what is asked of them. */
function filesThat(syncFile: (file: number) => Promise<void>): RecordedFiles {
  return { stampOf: () => Promise.resolve(undefined), syncFile, syncFolders: () => Promise.resolve() };
}

/** The claims as they would be after a kill now (one letter a piece), or after a power failure. */
async function claims(after: "kill" | "power failure"): Promise<string> {
  const share = { infoHash, pieceCount: PIECES, fileCount: 1 };
  const state = recoverState(await readFile(path), share, after === "kill" ? bootId : new Uint8Array(16).fill(8));
  return [...(state?.claims ?? [])].map((claim) => (claim > CLAIM.doubtful ? "x" : ".")).join("");
}

it("believes unsynced claims after a kill, and only synced ones after a power failure", async () => {
  const recorder = new ClaimRecorder(
    log,
    filesThat(() => Promise.resolve()),
    [],
  );
  recorder.claim(0, [0]);
  await recorder.flush();
  recorder.claim(2, [0]);
  await recorder.lose(5);
  expect(await claims("kill")).toBe("x.x...");
  expect(await claims("power failure")).toBe("x.....");
  await recorder.close();
  expect(await claims("power failure")).toBe("x.x...");
});

it("does not call synced what was claimed while the sync was under way", async () => {
  const seen: string[] = [];
  let recorder: ClaimRecorder | undefined = undefined;
  recorder = new ClaimRecorder(
    log,
    filesThat(async () => {
      seen.push(await claims("power failure"));
      if (seen.length > 1) return;
      recorder?.claim(1, [0]);
      await recorder?.lose(5);
    }),
    [],
  );
  recorder.claim(0, [0]);
  await recorder.flush();
  expect(seen).toEqual(["......"]);
  expect(await claims("kill")).toBe("xx....");
  expect(await claims("power failure")).toBe("x.....");
  await recorder.close();
  expect(await claims("power failure")).toBe("xx....");
});

it("syncs by itself five seconds after a claim, and no more once it is stopped", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const synced: number[] = [];
  let onSync: () => void = () => undefined;
  const recorder = new ClaimRecorder(
    log,
    filesThat((file) => {
      synced.push(file);
      onSync();
      return Promise.resolve();
    }),
    [],
  );
  recorder.claim(0, [0]);
  vi.advanceTimersByTime(3_000);
  recorder.claim(1, [0]);
  vi.advanceTimersByTime(1_999);
  expect(synced).toEqual([]);
  const isSynced = new Promise<void>((resolve) => (onSync = resolve));
  vi.advanceTimersByTime(1);
  await isSynced;
  recorder.claim(2, [1]);
  recorder.stop();
  vi.advanceTimersByTime(10_000);
  await new Promise(setImmediate);
  expect(synced).toEqual([0]);
  await recorder.close();
  expect(synced).toEqual([0, 1]);
});

it("believes nothing unsynced once a sync has failed, and says so to whoever writes or flushes", async () => {
  const broken = new ShoalError("disk", "input/output error");
  let works = true;
  const recorder = new ClaimRecorder(
    log,
    filesThat(() => (works ? Promise.resolve() : Promise.reject(broken))),
    [],
  );
  recorder.claim(0, [0]);
  await recorder.flush();
  works = false;
  recorder.claim(1, [0]);
  await expect(recorder.flush()).rejects.toBe(broken);
  await expect(recorder.ready()).rejects.toBe(broken);
  expect(await claims("kill")).toBe("x.....");
  await expect(recorder.close()).rejects.toBe(broken);
});

it("joins neighbours into one record", () => {
  expect(rangesOf([], "have")).toEqual([]);
  expect(rangesOf([5, 3, 4, 9, 1], "have")).toEqual([
    { type: "have", first: 1, count: 1 },
    { type: "have", first: 3, count: 3 },
    { type: "have", first: 9, count: 1 },
  ]);
});
