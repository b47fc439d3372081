import type { EngineState } from "../engine/messages.js";

/** Figures are written this often at most: what changes faster cannot be read. */
const SETTLE_MS = 1_000;

/** Lets through at once what changes a state in kind, and mere figures once a second at most, always the newest. */
export class StateSettler {
  readonly #show: (state: EngineState) => void;
  #shownKinds: string | undefined;
  #waiting: EngineState | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(show: (state: EngineState) => void) {
    this.#show = show;
  }

  offer(state: EngineState): void {
    this.#waiting = state;
    if (this.#timer === undefined || kindsOf(state) !== this.#shownKinds) this.#showWaiting();
  }

  #showWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const state = this.#waiting;
    if (state === undefined) return;
    this.#waiting = undefined;
    this.#shownKinds = kindsOf(state);
    this.#timer = setTimeout(() => this.#showWaiting(), SETTLE_MS);
    this.#show(state);
  }
}

/** Everything of a state that a person would want to see without delay. */
function kindsOf({ shares, gets, hub, abilities }: EngineState): string {
  return JSON.stringify([
    shares.map(({ id, infoHash, state, closing, peers }) => [id, infoHash, state.kind, closing.kind, peers.length > 0]),
    gets.map(({ infoHash, name, files, state, why, pieceMap, closing }) => [
      infoHash,
      name,
      files.length,
      state.kind === "done" ? state.isHelping : state.kind,
      why?.kind,
      pieceMap !== undefined,
      closing.kind,
    ]),
    hub.kind,
    abilities,
  ]);
}
