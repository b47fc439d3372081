import type { HubLine } from "./messages.js";

/** Whether the hub can be reached, by the last that was heard of it: an answer, or that there was none. */
export class HubReach {
  #line: HubLine = { kind: "connecting" };

  get line(): HubLine {
    return this.#line;
  }

  /** True when what is to be shown has changed. */
  note(isReachable: boolean, nowMs: number): boolean {
    const before = this.#line.kind;
    if (isReachable) this.#line = { kind: "connected" };
    else if (before !== "unreachable") this.#line = { kind: "unreachable", sinceMs: nowMs };
    return this.#line.kind !== before;
  }
}
