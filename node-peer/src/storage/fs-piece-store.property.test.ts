import { mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { FsPieceStore } from "./fs-piece-store.js";
import { openFsPieceStore } from "./open-fs-piece-store.js";
import { countingVerifier, FIXTURE_PIECE, makeShare, pieceBytes, type ShareFixture } from "./share-fixture.js";

const PIECES = 6;

type Step =
  | { readonly do: "write" | "remove" | "read"; readonly piece: number }
  | { readonly do: "flush" | "reopen" }
  /** While it is closed, one byte of the files changes. */
  | { readonly do: "tamper"; readonly piece: number }
  /** While it is closed, the record is cut or a bit of it flips: claims may get fewer, never more. */
  | { readonly do: "tear" | "flip"; readonly at: number };

const piece = fc.nat(PIECES - 1);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("write" as const), piece }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("remove" as const, "read" as const), piece }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("flush" as const, "reopen" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("tamper" as const), piece }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("tear" as const, "flip" as const), at: fc.nat() }) },
  ),
  { maxLength: 15 },
);

/** A download on disk beside the plainest possible idea of it: the set of pieces that are stored and right. */
class Run {
  readonly #share: ShareFixture;
  readonly #directory: string;
  readonly #stored = new Set<number>();
  #store: FsPieceStore | undefined;

  constructor(share: ShareFixture, directory: string) {
    this.#share = share;
    this.#directory = directory;
  }

  async step(step: Step): Promise<void> {
    const store = await this.#open();
    switch (step.do) {
      case "write":
        await store.write(this.#index(step.piece), pieceBytes(this.#share, step.piece));
        this.#stored.add(step.piece);
        return;
      case "remove":
        await store.remove(this.#index(step.piece));
        this.#stored.delete(step.piece);
        return;
      case "read":
        await this.#expectReadable(step.piece);
        return;
      case "flush":
        await store.flush();
        return;
      case "reopen":
        await this.#reopen();
        expect(this.#claimed()).toEqual([...this.#stored].sort());
        return;
      case "tamper":
        await this.#close();
        if (await this.#tamper(step.piece)) this.#stored.delete(step.piece);
        await this.#reopen();
        expect(this.#claimed()).toEqual(expect.arrayContaining([...this.#stored]));
        expect(this.#claimed()).not.toContain(step.piece);
        this.#take();
        return;
      case "tear":
      case "flip":
        await this.#close();
        await this.#damageRecord(step.do, step.at);
        await this.#reopen();
        for (const claimed of this.#claimed()) await this.#expectReadable(claimed);
        this.#take();
    }
  }

  async end(): Promise<void> {
    for (let at = 0; at < PIECES; at++) if (!this.#stored.has(at)) await this.step({ do: "write", piece: at });
    const path = await (await this.#open()).finish();
    await this.#close();
    for (const file of this.#share.metainfo.files) {
      const bytes = await readFile(join(path, ...file.path));
      expect(Buffer.compare(bytes, this.#share.content.subarray(file.offset, file.offset + file.length))).toBe(0);
    }
    expect(await readdir(this.#directory)).toEqual(["share"]);
  }

  async #close(): Promise<void> {
    await this.#store?.close();
    this.#store = undefined;
  }

  async #open(): Promise<FsPieceStore> {
    this.#store ??= await openFsPieceStore({
      metainfo: this.#share.metainfo,
      directory: this.#directory,
      ...countingVerifier(this.#share),
    });
    return this.#store;
  }

  async #reopen(): Promise<void> {
    await this.#close();
    await this.#open();
  }

  #index(at: number): Parameters<FsPieceStore["read"]>[0] {
    return this.#share.metainfo.geometry.pieceIndex(at);
  }

  #claimed(): number[] {
    const present = this.#store?.present() ?? new Uint8Array();
    return [...present.keys()].filter((at) => present[at] === 1);
  }

  /** What is claimed was just found right: it is stored, be it that it had been removed or torn before. */
  #take(): void {
    this.#stored.clear();
    for (const at of this.#claimed()) this.#stored.add(at);
  }

  async #expectReadable(at: number): Promise<void> {
    const bytes = new Uint8Array(pieceBytes(this.#share, at).length);
    const reading = this.#store?.read(this.#index(at), 0, bytes);
    if (this.#claimed().includes(at)) {
      await reading;
      expect(Buffer.compare(bytes, pieceBytes(this.#share, at))).toBe(0);
    } else {
      await expect(reading).rejects.toMatchObject({ code: "disk" });
    }
  }

  /** Changes a byte in the middle of a piece; false when no file holds it yet. */
  async #tamper(at: number): Promise<boolean> {
    const byte = at * FIXTURE_PIECE + 1000;
    const file = this.#share.metainfo.files.find((entry) => byte < entry.offset + entry.length);
    try {
      const handle = await open(join(this.#directory, "share.part", ...(file?.path ?? [])), "r+");
      const position = byte - (file?.offset ?? 0);
      const { buffer } = await handle.read(new Uint8Array(1), 0, 1, position);
      await handle.write(Uint8Array.of((buffer[0] ?? 0) ^ 0xff), 0, 1, position);
      await handle.close();
      return true;
    } catch {
      return false;
    }
  }

  async #damageRecord(how: "tear" | "flip", at: number): Promise<void> {
    const name = (await readdir(this.#directory)).find((entry) => entry.endsWith(".state")) ?? "";
    const path = join(this.#directory, name);
    const bytes = await readFile(path);
    const place = at % bytes.length;
    if (how === "flip") bytes[place] = (bytes[place] ?? 0) ^ 1;
    await writeFile(path, how === "flip" ? bytes : bytes.subarray(0, place));
  }
}

it("a store claims exactly what is stored, through restarts, changed files and damaged records", async () => {
  const share = await makeShare("share", {
    "a/one": 50_000,
    "a/zero": 0,
    "b/two": 30_000,
    three: 6 * 32_768 - 80_000 - 5,
  });
  expect(share.metainfo.geometry.pieceCount).toBe(PIECES);
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const directory = await mkdtemp(join(tmpdir(), "shoal-property-"));
      const run = new Run(share, directory);
      try {
        for (const step of plan) await run.step(step);
        await run.end();
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);
