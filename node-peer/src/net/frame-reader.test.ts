import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameReader } from "./frame-reader.js";

const HEAD = Buffer.from("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
const BINARY = 0x82;
const PING = 0x89;

function frame(first: number, payloadBytes: number): Buffer {
  const payload = Buffer.from(Uint8Array.from({ length: payloadBytes }, (_, index) => index * 7 + payloadBytes));
  if (payloadBytes < 126) return Buffer.concat([Buffer.from([first, payloadBytes]), payload]);
  const header = Buffer.alloc(payloadBytes < 65_536 ? 4 : 10);
  header[0] = first;
  header[1] = payloadBytes < 65_536 ? 126 : 127;
  if (payloadBytes < 65_536) header.writeUInt16BE(payloadBytes, 2);
  else header.writeBigUInt64BE(BigInt(payloadBytes), 2);
  return Buffer.concat([header, payload]);
}

/** Feeds `stream` in reads of at most these sizes; each room is filled with noise first, as used memory is. */
function read(stream: Buffer, sizes: readonly number[], keeps: (nth: number) => boolean = () => false) {
  const passed: Buffer[] = [];
  const kept: { readonly chunk: Buffer; readonly was: Buffer }[] = [];
  const rooms = new Set<ArrayBufferLike>();
  const reader = new FrameReader((chunk) => {
    const keep = keeps(passed.length);
    passed.push(Buffer.from(chunk));
    if (keep) kept.push({ chunk, was: Buffer.from(chunk) });
    return keep;
  });
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const room = reader.room();
    rooms.add(room.buffer);
    room.fill(0xee);
    const length = Math.min(room.length, sizes[turn % sizes.length] ?? 1, stream.length - at);
    stream.copy(room, 0, at, at + length);
    reader.onRead(length);
    at += length;
  }
  rooms.add(reader.room().buffer);
  return { passed, kept, rooms };
}

const payloads = fc.array(fc.constantFrom(0, 1, 125, 126, 4_000, 65_535, 65_536, 70_000, 262_157), { maxLength: 8 });
const reads = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 8 });

describe("FrameReader", () => {
  it("passes on every byte in order, whatever the frames and wherever the reads end", () => {
    const firsts = fc.constantFrom(BINARY, PING, 0x02, 0x80, 0x88, 0xff);
    fc.assert(
      fc.property(payloads, firsts, reads, (lengths, first, sizes) => {
        const stream = Buffer.concat([HEAD, ...lengths.map((length) => frame(first, length))]);
        expect(Buffer.concat(read(stream, sizes).passed).equals(stream)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it("hands over a long message by itself, out of the same memory each time", () => {
    const stream = Buffer.concat([HEAD, ...Array.from({ length: 50 }, () => frame(BINARY, 262_157))]);
    const { passed, rooms } = read(stream, [65_536]);
    expect(passed.filter(({ length }) => length === 262_157 + 10)).toHaveLength(50);
    expect(rooms.size).toBeLessThanOrEqual(2);
  });

  it("never writes into what is still needed", () => {
    const lengths = fc.array(fc.constantFrom(5, 70_000, 100_000), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lengths, reads, fc.infiniteStream(fc.boolean()), (sizesOfFrames, sizes, keeps) => {
        const stream = Buffer.concat([HEAD, ...sizesOfFrames.map((length) => frame(BINARY, length))]);
        const { passed, kept } = read(stream, sizes, () => keeps.next().value === true);
        expect(Buffer.concat(passed).equals(stream)).toBe(true);
        expect(kept.every(({ chunk, was }) => chunk.equals(was))).toBe(true);
      }),
    );
  });

  it("leaves a frame that is longer than any may be to whoever reads, without memory for it", () => {
    const monster = Buffer.alloc(10);
    monster.set([BINARY, 127]);
    monster.writeBigUInt64BE(2n ** 40n, 2);
    const stream = Buffer.concat([HEAD, frame(BINARY, 10), monster, Buffer.alloc(1_000, 1)]);
    for (const size of [1, 7, 5_000]) {
      expect(Buffer.concat(read(stream, [size]).passed).subarray(0, HEAD.length + 22)).toEqual(
        stream.subarray(0, HEAD.length + 22),
      );
    }
  });

  it("gives back its memory when only short frames come any more", () => {
    const long = frame(BINARY, 500_000);
    const stream = Buffer.concat([HEAD, long, ...Array.from({ length: 100 }, () => frame(BINARY, 17))]);
    const { rooms } = read(stream, [100_000]);
    expect([...rooms].at(-1)?.byteLength).toBeLessThanOrEqual(16 * 1024 + 8);
  });
});
