import type { Clock, Timer } from "../ports/runtime.js";

/** Bites once when it was not patted for so long. One timer, however often it is patted. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #bite: () => void;
  #pattedAt: number;
  #timer: Timer;
  #hasBitten = false;

  constructor(clock: Clock, patienceMs: number, bite: () => void) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
    this.#bite = bite;
    this.#pattedAt = clock.now();
    this.#timer = clock.schedule(patienceMs, () => this.#look());
  }

  get hasBitten(): boolean {
    return this.#hasBitten;
  }

  pat(): void {
    this.#pattedAt = this.#clock.now();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #look(): void {
    const leftMs = this.#pattedAt + this.#patienceMs - this.#clock.now();
    if (leftMs > 0) {
      this.#timer = this.#clock.schedule(leftMs, () => this.#look());
      return;
    }
    this.#hasBitten = true;
    this.#bite();
  }
}
