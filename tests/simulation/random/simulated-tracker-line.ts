import { ShoalError, type Clock } from "@shoal/peer-core";
import type { TrackerLine, TrackerLineEvents } from "@shoal/peer-core/platform";
import type { ClientAddress } from "../../../tracker/src/address.js";
import type { OpenLine, SimulatedTracker } from "./simulated-tracker.js";

/** A peer's line to a simulated tracker. */
export class SimulatedTrackerLine implements TrackerLine {
  readonly address = "30.0.0.1";
  heardAt: number;
  readonly #tracker: SimulatedTracker;
  readonly #clock: Clock;
  readonly #events: TrackerLineEvents;
  #open: OpenLine | undefined;
  #isOver = false;

  /** Starts to open it from an address. `clock`: of the process that it dies with. */
  constructor(tracker: SimulatedTracker, clock: Clock, from: ClientAddress, events: TrackerLineEvents) {
    this.#tracker = tracker;
    this.#clock = clock;
    this.#events = events;
    this.heardAt = clock.now();
    clock.schedule(tracker.oneWayMs, () => this.#arrive(from));
  }

  send(text: string): void {
    this.#clock.schedule(this.#tracker.oneWayMs, () => {
      if (this.#open !== undefined) this.#tracker.receive(this.#open, text);
    });
  }

  /** It has no pings. */
  onPingAnswered(): boolean {
    return false;
  }

  fail(error: ShoalError): void {
    if (this.#isOver) return;
    this.vanish();
    this.#events.onClosed(error);
  }

  close(): Promise<void> {
    this.#isOver = true;
    return new Promise((resolve) => {
      this.#clock.schedule(this.#tracker.oneWayMs, () => {
        this.vanish();
        resolve();
      });
    });
  }

  /** The process has died: the tracker finds out at once. */
  vanish(): void {
    this.#isOver = true;
    if (this.#open !== undefined) this.#tracker.close(this.#open, false);
    this.#open = undefined;
  }

  #arrive(from: ClientAddress): void {
    if (this.#isOver) return;
    this.#open = this.#tracker.open(from, {
      onText: (text) => this.#later(() => this.#onText(text)),
      onLost: () => this.#later(() => this.fail(new ShoalError("tracker", "The line was lost"))),
    });
    if (this.#open === undefined) this.fail(new ShoalError("tracker", "The tracker cannot be reached"));
  }

  #onText(text: string): void {
    if (this.#isOver) return;
    this.heardAt = this.#clock.now();
    this.#events.onText(text);
  }

  /** When the process next runs: it may be stopped. */
  #later(act: () => void): void {
    this.#clock.schedule(0, act);
  }
}
