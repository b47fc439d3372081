import { expectRejection } from "@shoal/peer-core/testing";
import type { PieceIndex } from "@shoal/peer-core";
import { beforeEach, describe, expect, it } from "vitest";
import type { FileLook, FileLooks } from "./file-look.js";
import { PlacedReader } from "./placed-reader.js";

const PIECE = 8;
const LONG_AGO = BigInt(Date.UTC(2020, 0, 1)) * 1_000_000n;
const RIGHT = 7;
const WRONG = 9;

/** Two files of two pieces each: pieces 0 and 1 are in file 0, 2 and 3 in file 1. */
class Disk {
  readonly looks: FileLook[] = [0, 1].map((file) => ({ size: 16n, mtimeNs: LONG_AGO, inode: BigInt(file) }));
  /** What every byte of a piece is. */
  readonly bytes = [RIGHT, RIGHT, RIGHT, RIGHT];
  /** Called after each read. */
  onRead: () => void = () => undefined;
  hashed: number[] = [];

  reader(canVerify = true): PlacedReader {
    const reader = new PlacedReader({
      pieceSize: () => PIECE,
      read: async (piece, _begin, into, looks) => {
        await Promise.resolve();
        into.fill(this.bytes[piece] ?? 0);
        this.#note(piece, looks);
        this.onRead();
      },
      verifyPiece: canVerify ? (piece, bytes) => this.#verify(piece, bytes) : undefined,
      path: "film",
    });
    reader.trust(new Map(this.looks.entries()));
    return reader;
  }

  /** Its file was written to. */
  write(piece: number, byte: number, look: Partial<FileLook> = { mtimeNs: LONG_AGO + 1n }): void {
    const file = piece >> 1;
    this.bytes[piece] = byte;
    this.looks[file] = { ...this.looks[file]!, ...look };
  }

  #note(piece: number, looks: FileLooks): void {
    looks.set(piece >> 1, this.looks[piece >> 1]!);
  }

  async #verify(piece: PieceIndex, bytes: Uint8Array): Promise<boolean> {
    this.hashed.push(piece);
    await Promise.resolve();
    return bytes.every((byte) => byte === RIGHT);
  }
}

let disk: Disk;

beforeEach(() => {
  disk = new Disk();
});

async function read(reader: PlacedReader, piece: number): Promise<number[]> {
  const into = new Uint8Array(2);
  await reader.read(piece as PieceIndex, 1, into);
  return [...into];
}

describe("a finished download", () => {
  it("is read as it is while its files look as they did", async () => {
    const reader = disk.reader();
    for (const piece of [0, 1, 2, 3]) expect(await read(reader, piece)).toEqual([RIGHT, RIGHT]);
    expect(disk.hashed).toEqual([]);
  });

  it.each<[string, Partial<FileLook>]>([
    ["written to", { mtimeNs: LONG_AGO + 1n }],
    ["lengthened", { size: 17n }],
    ["replaced", { inode: 5n }],
  ])("has the pieces of a file that was %s hashed, once each, and gives what is right", async (_how, look) => {
    const reader = disk.reader();
    disk.write(1, WRONG, look);
    for (let turn = 0; turn < 2; turn++) expect(await read(reader, 0)).toEqual([RIGHT, RIGHT]);
    await expectRejection(read(reader, 1), "disk", "Piece 1 of film is not what was hashed");
    expect(await read(reader, 2)).toEqual([RIGHT, RIGHT]);
    expect(disk.hashed).toEqual([0, 1]);
  });

  it("is hashed at each read while it may be written to without its time telling", async () => {
    const reader = disk.reader();
    disk.write(0, RIGHT, { mtimeNs: BigInt(Date.now()) * 1_000_000n });
    expect(await read(reader, 0)).toEqual([RIGHT, RIGHT]);
    disk.bytes[0] = WRONG;
    await expectRejection(read(reader, 0), "disk", "Piece 0");
    disk.bytes[0] = RIGHT;
    expect(await read(reader, 0)).toEqual([RIGHT, RIGHT]);
  });

  it("is given from what was hashed, whatever is written to it all the time", async () => {
    const reader = disk.reader();
    let time = LONG_AGO;
    disk.onRead = () => disk.write(1, WRONG, { mtimeNs: ++time });
    disk.onRead();
    for (let turn = 0; turn < 5; turn++) expect(await read(reader, 0)).toEqual([RIGHT, RIGHT]);
    // Read before it was right, hashed after.
    disk.bytes[0] = WRONG;
    disk.onRead = () => disk.write(0, RIGHT, { mtimeNs: ++time });
    expect(await read(reader, 0)).toEqual([RIGHT, RIGHT]);
  });

  it("is hashed once for all who ask at the same time", async () => {
    const reader = disk.reader();
    reader.distrust();
    const both = await Promise.all([0, 0, 1, 1, 2, 3].map((piece) => read(reader, piece)));
    expect(both).toEqual(Array.from({ length: 6 }, () => [RIGHT, RIGHT]));
    expect(disk.hashed.sort()).toEqual([0, 1, 2, 3]);
  });

  it("is believed no more once a piece has rotted, but for what is hashed since", async () => {
    const reader = disk.reader();
    disk.bytes[3] = WRONG;
    expect(await read(reader, 3)).toEqual([WRONG, WRONG]);
    reader.distrust();
    await expectRejection(read(reader, 3), "disk", "Piece 3");
    for (let turn = 0; turn < 2; turn++) await read(reader, 2);
    expect(disk.hashed).toEqual([3, 2]);
  });

  it("is not given at all where it has changed and cannot be hashed", async () => {
    const reader = disk.reader(false);
    disk.write(1, RIGHT);
    await expectRejection(read(reader, 0), "disk", "film was written to");
    expect(await read(reader, 2)).toEqual([RIGHT, RIGHT]);
  });
});
