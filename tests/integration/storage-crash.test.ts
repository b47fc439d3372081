import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { lstat, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isShoalError } from "@shoal/peer-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFsPieceStore } from "../../node-peer/src/storage/open-fs-piece-store.js";
import {
  countingVerifier,
  makeShare,
  pieceBytes,
  type ShareFixture,
} from "../../node-peer/src/storage/share-fixture.js";

const WRITER = fileURLToPath(new URL("storage-crash-writer.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const KILLS = 16;

/** What may be written but not yet recorded when the process is killed: what was in flight while one record was made. */
const UNRECORDED_PIECES = 16;

/** What is written at most between the line that calls for a kill and the kill: the share is not done before the last. */
const WRITTEN_MEANWHILE = 5;

const SHAPES = {
  "one file": 200 * 32_768 + 5,
  "many files": Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`d${at % 7}/f${at}`, (at * 7919) % 90_000])),
};

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "shoal-crash-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Runs the writer, showing each line to `onLine`, which may kill it; resolves to the lines it has printed. */
async function runWriter(
  files: Record<string, number> | number,
  seed: number,
  onLine: (line: string, child: ChildProcess) => void,
  most = Infinity,
): Promise<string[]> {
  const own = [directory, JSON.stringify(files), String(seed), String(most)];
  const args = ["--conditions=source", "--import", "tsx", WRITER, ...own];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit") as Promise<[number | null, string | null]>;
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    onLine(line, child);
  }
  const [code, signal] = await exited;
  expect(signal === "SIGKILL" || code === 0).toBe(true);
  return lines;
}

/** Runs the writer until `isTime` says so of a line or it has finished; it writes at most `most` pieces meanwhile. */
function writeUntil(
  files: Record<string, number> | number,
  seed: number,
  isTime: (line: string, lines: number) => boolean,
  most?: number,
): Promise<string[]> {
  let count = 0;
  const killInTime = (line: string, child: ChildProcess) => {
    if (isTime(line, ++count)) child.kill("SIGKILL");
  };
  return runWriter(files, seed, killInTime, most);
}

/** Opens the download, compares every piece that is claimed byte by byte, and resolves to them. */
async function claimedPieces(share: ShareFixture, canVerify: boolean): Promise<Set<number>> {
  const check = canVerify ? countingVerifier(share) : {};
  const store = await openFsPieceStore({ metainfo: share.metainfo, directory, ...check });
  try {
    const claimed = new Set<number>();
    for (const [index, is] of store.present().entries()) {
      if (is !== 1) continue;
      const piece = share.metainfo.geometry.pieceIndex(index);
      const bytes = new Uint8Array(share.metainfo.geometry.pieceSize(piece));
      await store.read(piece, 0, bytes);
      expect(Buffer.compare(bytes, pieceBytes(share, index)), `piece ${index}`).toBe(0);
      claimed.add(index);
    }
    return claimed;
  } finally {
    await store.close();
  }
}

async function expectWhole(share: ShareFixture): Promise<void> {
  expect(await readdir(directory)).toEqual(["share"]);
  for (const file of share.metainfo.files) {
    const path = share.metainfo.isMultiFile ? join(directory, "share", ...file.path) : join(directory, "share");
    const bytes = await readFile(path);
    expect(Buffer.compare(bytes, share.content.subarray(file.offset, file.offset + file.length)), path).toBe(0);
  }
}

describe.each(Object.entries(SHAPES))("a download of %s that is killed again and again", (_, files) => {
  it(`loses at most what was in flight, never claims what is not there, and comes out whole`, async () => {
    const share = await makeShare("share", files);
    let stored = new Set<number>();
    for (let kill = 0; kill < KILLS; kill++) {
      // Odd steps through the pieces, so that the kills fall at all stages and the share is not done before the last.
      const at = 1 + ((kill * 5) % 11);
      const lines = await writeUntil(files, kill, (_, count) => count >= at, at + WRITTEN_MEANWHILE);
      const written = new Set([...stored, ...lines.map(Number)]);
      // Every third time without hashing: then only what is beyond doubt may be claimed. It is not compared further.
      if (kill % 3 === 2) {
        stored = new Set([...(await claimedPieces(share, false))]);
        continue;
      }
      stored = await claimedPieces(share, true);
      const lost = [...written].filter((piece) => !stored.has(piece));
      expect(lost.length).toBeLessThanOrEqual(UNRECORDED_PIECES);
    }
    const lines = await writeUntil(files, 1000, () => false);
    expect(lines.at(-1)).toBe("finished");
    await expectWhole(share);
  });
});

describe.each(Object.entries(SHAPES))("a download of %s that is killed while it is finished", (_, files) => {
  it("is whole under its final name or not there at all, and can be taken up", async () => {
    const share = await makeShare("share", files);
    for (let round = 0; round < 5; round++) {
      await writeUntil(files, round, (line) => line === "finishing");
      const isPlaced = await lstat(join(directory, "share")).then(
        () => true,
        () => false,
      );
      if (isPlaced) {
        // Opening again clears up what the kill has left and says that the target is there.
        await expect(openFsPieceStore({ metainfo: share.metainfo, directory })).rejects.toMatchObject({
          code: "exists",
        });
      } else {
        const lines = await writeUntil(files, round, () => false);
        expect(lines.at(-1)).toBe("finished");
      }
      await expectWhole(share);
      await rm(join(directory, "share"), { recursive: true });
    }
  });
});

it("a download cannot be opened while another process has it, and can be once that is gone", async () => {
  const files = SHAPES["one file"];
  const share = await makeShare("share", files);
  let refusal: unknown;
  const lines = await runWriter(files, 1, (line, child) => {
    if (refusal !== undefined) return;
    refusal = line;
    // Stopped, it cannot finish before it was tried.
    child.kill("SIGSTOP");
    void openFsPieceStore({ metainfo: share.metainfo, directory })
      .catch((error: unknown) => (refusal = error))
      .finally(() => child.kill("SIGKILL"));
  });
  expect(isShoalError(refusal, "exists")).toBe(true);
  const claimed = await claimedPieces(share, true);
  expect(lines.length - claimed.size).toBeLessThanOrEqual(UNRECORDED_PIECES);
});
