import { invariant } from "../src/base/invariant.js";
import type { Random } from "../src/ports/runtime.js";

/** Random choices that repeat exactly for the same seed. */
export interface SeededRandom extends Random {
  /** A whole number in [0, below); `below` is at most 2^32. */
  int(below: number): number;
  /** One item of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** A generator of its own, so that what one part draws does not shift what another sees. */
  fork(): SeededRandom;
}

/** The first outputs of a fresh state still show its seed. */
const WARM_UP_ROUNDS = 16;

/** A small fast counter generator (sfc32) started from `seed`, any number. */
export function seededRandom(seed: number): SeededRandom {
  const next = sfc32(seed);
  const int = (below: number): number => {
    invariant(below >= 1 && below <= 2 ** 32, `int() takes 1 to 2^32, not ${below}`);
    return Math.floor((next() / 2 ** 32) * below);
  };
  return {
    float: () => next() / 2 ** 32,
    bytes: (length) => {
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i++) bytes[i] = next() >>> 24;
      return bytes;
    },
    int,
    pick: <T>(list: readonly T[]): T => {
      const item = list[int(list.length)];
      invariant(item !== undefined, "pick() takes a list of values, not empty");
      return item;
    },
    fork: () => seededRandom(next()),
  };
}

/** Uniform 32-bit unsigned integers. */
function sfc32(seed: number): () => number {
  let a = seed >>> 0;
  let b = Math.floor(seed / 2 ** 32) >>> 0;
  let c = 0x5eed_5eed;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < WARM_UP_ROUNDS; i++) next();
  return next;
}
