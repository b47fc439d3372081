import { describe, expect, it } from "vitest";
import { BLOCK_MAX_BYTES, MAX_QUEUED_REQUEST_BYTES, MAX_QUEUED_REQUESTS } from "../wire/limits.js";
import { UploadQueue, type InRequest } from "./upload-queue.js";

function request(piece: number, length = 16_384): InRequest {
  return { piece, begin: 0, length };
}

describe("UploadQueue", () => {
  it("serves in the order of asking", () => {
    const queue = new UploadQueue();
    for (const piece of [2, 0, 1]) queue.push(request(piece));
    expect([queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([
      request(2),
      request(0),
      request(1),
      undefined,
    ]);
  });

  it("counts a repeated request once", () => {
    const queue = new UploadQueue();
    expect([queue.push(request(1)), queue.push(request(1)), queue.push(request(1, 100))]).toEqual([true, true, true]);
    expect(queue.length).toBe(2);
  });

  it("has room for 2,000 requests and no more", () => {
    const queue = new UploadQueue();
    for (let piece = 0; piece < MAX_QUEUED_REQUESTS; piece++) expect(queue.push(request(piece, 1))).toBe(true);
    expect(queue.push(request(MAX_QUEUED_REQUESTS, 1))).toBe(false);
    expect(queue.push(request(0, 1))).toBe(true);
    queue.shift();
    expect(queue.push(request(MAX_QUEUED_REQUESTS, 1))).toBe(true);
  });

  it("has room for 16 MiB and no more, and counts what leaves", () => {
    const queue = new UploadQueue();
    const fitting = MAX_QUEUED_REQUEST_BYTES / BLOCK_MAX_BYTES;
    for (let piece = 0; piece < fitting; piece++) expect(queue.push(request(piece, BLOCK_MAX_BYTES))).toBe(true);
    expect(queue.push(request(fitting, 1))).toBe(false);
    expect(queue.cancel(request(3, BLOCK_MAX_BYTES))).toBe(true);
    expect(queue.push(request(fitting, BLOCK_MAX_BYTES))).toBe(true);
    expect(queue.take((waiting) => waiting.piece < 2)).toHaveLength(2);
    expect(queue.push(request(fitting + 1, 2 * BLOCK_MAX_BYTES))).toBe(true);
  });

  it("cancels the exact triple only", () => {
    const queue = new UploadQueue();
    queue.push(request(1));
    expect(queue.cancel({ piece: 1, begin: 0, length: 100 })).toBe(false);
    expect(queue.cancel({ piece: 1, begin: 16_384, length: 16_384 })).toBe(false);
    expect(queue.cancel(request(1))).toBe(true);
    expect(queue.cancel(request(1))).toBe(false);
    expect(queue.length).toBe(0);
  });

  it("does not look through all that wait for each request and cancel", () => {
    const queue = new UploadQueue();
    let looks = 0;
    for (let piece = 0; piece < MAX_QUEUED_REQUESTS; piece++) {
      queue.push({
        begin: 0,
        length: 1,
        get piece() {
          looks++;
          return piece;
        },
      });
    }
    looks = 0;
    for (let piece = 5_000; piece < 5_100; piece++) {
      expect(queue.push(request(piece, 1))).toBe(false);
      expect(queue.cancel(request(piece, 1))).toBe(false);
    }
    expect(looks).toBe(0);
  });

  it("takes out what matches and keeps the rest in order", () => {
    const queue = new UploadQueue();
    for (const piece of [1, 2, 3, 4]) queue.push(request(piece));
    expect(queue.take(({ piece }) => piece % 2 === 0).map(({ piece }) => piece)).toEqual([2, 4]);
    expect([queue.shift()?.piece, queue.shift()?.piece]).toEqual([1, 3]);
  });
});
