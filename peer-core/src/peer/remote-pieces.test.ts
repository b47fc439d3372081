import { describe, expect, it } from "vitest";
import { Bitfield } from "../torrent/bitfield.js";
import { MAX_PIECES } from "../wire/limits.js";
import { RemotePieces } from "./remote-pieces.js";

const wireError = expect.objectContaining({ name: "ShoalError", code: "wire" }) as Error;

/** "x" for a piece that is held. */
function picture(pieces: RemotePieces): string | undefined {
  const { bitfield } = pieces;
  return bitfield && Array.from({ length: bitfield.size }, (_, i) => (bitfield.has(i) ? "x" : ".")).join("");
}

function bitfieldOf(text: string): Uint8Array {
  return Bitfield.fromFlags(Uint8Array.from(text, (character) => (character === "x" ? 1 : 0))).toWire();
}

function remote(pieceCount: number): RemotePieces {
  const pieces = new RemotePieces();
  pieces.adopt(pieceCount);
  return pieces;
}

describe("RemotePieces before the piece count is known", () => {
  it("tells nothing, and holds nothing once it is known", () => {
    const pieces = new RemotePieces();
    expect(pieces.bitfield).toBeUndefined();
    pieces.adopt(3);
    expect(picture(pieces)).toBe("...");
  });

  it("keeps a bitfield and single haves", () => {
    const pieces = new RemotePieces();
    pieces.onBitfield(bitfieldOf("x..x......"));
    pieces.onHave(1);
    pieces.onHave(9);
    pieces.adopt(10);
    expect(picture(pieces)).toBe("xx.x.....x");
  });

  it("keeps a copy of the bitfield, whose bytes belong to the link", () => {
    const bytes = bitfieldOf("x.......");
    const pieces = new RemotePieces();
    pieces.onBitfield(bytes);
    bytes.fill(0xff);
    pieces.adopt(8);
    expect(picture(pieces)).toBe("x.......");
  });

  it("lets have-all and have-none replace all that was said", () => {
    const pieces = new RemotePieces();
    pieces.onHave(2);
    pieces.onHaveAll();
    pieces.onHaveNone();
    pieces.onHave(0);
    pieces.adopt(3);
    expect(picture(pieces)).toBe("x..");
  });

  it("takes a single have back", () => {
    const pieces = new RemotePieces();
    pieces.onHave(2);
    expect(pieces.onDontHave(2)).toBe(true);
    pieces.adopt(3);
    expect(picture(pieces)).toBe("...");
  });

  it("refuses what no share can have", () => {
    const pieces = new RemotePieces();
    pieces.onBitfield(new Uint8Array(MAX_PIECES / 8));
    expect(() => pieces.onBitfield(new Uint8Array(MAX_PIECES / 8 + 1))).toThrow(wireError);
    expect(() => pieces.onHave(MAX_PIECES)).toThrow(wireError);
  });

  it("remembers every single have, and what is taken back", () => {
    const pieces = new RemotePieces();
    pieces.onHaveAll();
    for (let piece = 0; piece < 10_000; piece += 2) pieces.onDontHave(piece);
    for (let piece = 0; piece < 10_000; piece += 4) pieces.onHave(piece);
    expect(pieces.adopt(10_000).count).toBe(7_500);
  });

  it("takes eight words on all pieces, and no more", () => {
    const pieces = new RemotePieces();
    for (let turn = 0; turn < 8; turn++) pieces.onHaveAll();
    expect(() => pieces.onHaveNone()).toThrow(wireError);
  });

  it("takes as many bitfields as aria2 sends in place of haves, but not any number", () => {
    const pieces = remote(4);
    for (let turn = 0; turn < 128; turn++) pieces.onBitfield(bitfieldOf("..xx"));
    expect(() => pieces.onBitfield(bitfieldOf("..xx"))).toThrow(wireError);
  });

  it.each([
    ["a bitfield that is too long", (pieces: RemotePieces) => pieces.onBitfield(new Uint8Array(2))],
    ["spare bits", (pieces: RemotePieces) => pieces.onBitfield(new Uint8Array([0b0001_0000]))],
    ["a have past the end", (pieces: RemotePieces) => pieces.onHave(3)],
  ])("finds out %s when the count is known", (_, claim) => {
    const pieces = new RemotePieces();
    claim(pieces);
    expect(() => pieces.adopt(3)).toThrow(wireError);
    expect(pieces.bitfield).toBeUndefined();
  });
});

describe("RemotePieces once the piece count is known", () => {
  it("follows every kind of message", () => {
    const pieces = remote(4);
    expect(pieces.onHave(1)).toBe(true);
    expect(pieces.onHave(1)).toBe(false);
    expect(picture(pieces)).toBe(".x..");
    pieces.onHaveAll();
    expect(pieces.onDontHave(3)).toBe(true);
    expect(pieces.onDontHave(3)).toBe(false);
    expect(picture(pieces)).toBe("xxx.");
    pieces.onBitfield(bitfieldOf("..xx"));
    expect(picture(pieces)).toBe("..xx");
    pieces.onHaveNone();
    expect(picture(pieces)).toBe("....");
  });

  it("refuses indexes past the end and bitfields that do not fit", () => {
    const pieces = remote(4);
    expect(() => pieces.onHave(4)).toThrow(wireError);
    expect(() => pieces.onDontHave(0xffff_ffff)).toThrow(wireError);
    expect(() => pieces.onBitfield(new Uint8Array(2))).toThrow(wireError);
    expect(() => pieces.onBitfield(new Uint8Array([0xff]))).toThrow(wireError);
  });
});
