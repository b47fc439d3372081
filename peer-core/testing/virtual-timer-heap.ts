import type { Timer } from "../src/ports/runtime.js";

/** Cancelled entries are swept only when there are this many: below it a sweep costs more than it saves. */
const SWEEP_FROM = 64;

/** One pending call; `run` is undefined once it was cancelled or has run. */
export class VirtualTimer implements Timer {
  readonly time: number;
  readonly order: number;
  run: (() => void) | undefined;
  readonly #heap: VirtualTimerHeap;

  constructor(heap: VirtualTimerHeap, time: number, order: number, run: () => void) {
    this.#heap = heap;
    this.time = time;
    this.order = order;
    this.run = run;
  }

  cancel(): void {
    if (this.run === undefined) return;
    this.run = undefined;
    this.#heap.noteCancelled();
  }
}

/** A binary heap of timers in (time, order of insertion). Cancelled entries stay until popped or swept. */
export class VirtualTimerHeap {
  #entries: VirtualTimer[] = [];
  #cancelled = 0;
  #nextOrder = 0;

  /** Timers that will still run. */
  get size(): number {
    return this.#entries.length - this.#cancelled;
  }

  add(time: number, run: () => void): VirtualTimer {
    const timer = new VirtualTimer(this, time, this.#nextOrder++, run);
    this.#entries.push(timer);
    this.#siftUp(this.#entries.length - 1);
    return timer;
  }

  /** Removes and returns the first timer that is due at `time`, if any. */
  popDue(time: number): VirtualTimer | undefined {
    for (;;) {
      const first = this.#entries[0];
      if (first === undefined) return undefined;
      if (first.run !== undefined) return first.time <= time ? this.#removeFirst(first) : undefined;
      this.#removeFirst(first);
      this.#cancelled--;
    }
  }

  /** Called by a timer of this heap when it is cancelled. */
  noteCancelled(): void {
    this.#cancelled++;
    if (this.#cancelled < SWEEP_FROM || this.#cancelled * 2 < this.#entries.length) return;
    this.#entries = this.#entries.filter((timer) => timer.run !== undefined);
    this.#cancelled = 0;
    for (let i = (this.#entries.length >> 1) - 1; i >= 0; i--) this.#siftDown(i);
  }

  #removeFirst(first: VirtualTimer): VirtualTimer {
    const last = this.#entries.pop();
    if (last !== undefined && last !== first) {
      this.#entries[0] = last;
      this.#siftDown(0);
    }
    return first;
  }

  #siftUp(from: number): void {
    const entries = this.#entries;
    const moving = entries[from];
    if (moving === undefined) return;
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = entries[above];
      if (parent === undefined || isBefore(parent, moving)) break;
      entries[at] = parent;
      at = above;
    }
    entries[at] = moving;
  }

  #siftDown(from: number): void {
    const entries = this.#entries;
    const moving = entries[from];
    if (moving === undefined) return;
    let at = from;
    for (;;) {
      let below = 2 * at + 1;
      let child = entries[below];
      const right = entries[below + 1];
      if (child === undefined) break;
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        below++;
      }
      if (isBefore(moving, child)) break;
      entries[at] = child;
      at = below;
    }
    entries[at] = moving;
  }
}

function isBefore(a: VirtualTimer, b: VirtualTimer): boolean {
  return a.time === b.time ? a.order < b.order : a.time < b.time;
}
