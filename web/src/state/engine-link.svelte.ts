import type { EngineCommand, EngineEvent, EngineState, GetItem, Trouble } from "../engine/messages.js";
import { announcementsBetween, doneBetween } from "../lib/announcements.js";
import { StateSettler } from "../lib/state-settler.js";
import { Discards } from "./discards.svelte.js";

/** The line to an engine, as `engine/open-engine` opens it. */
export interface Engine {
  post(command: EngineCommand): void;
  /** Asks for the remembered files of a share again and goes on with them; false when the person refuses. */
  grant(infoHash: string): Promise<boolean>;
}

/** Opens the one engine of the page; `onEvent` hears all that it tells. */
export type OpenEngine = (onEvent: (event: EngineEvent) => void) => Engine;

/** What became of a save. */
export type Saved =
  | { readonly kind: "saved"; readonly name: string; readonly blob: Blob | undefined }
  | { readonly kind: "failed"; readonly trouble: Trouble };

type SaveTarget = FileSystemFileHandle | FileSystemDirectoryHandle;

/** What the engine is asked and what it told last. */
export class EngineLink {
  readonly #engine: Engine;
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing is shown of it
  readonly #saves = new Map<number, (saved: Saved) => void>();
  readonly #settler = new StateSettler((state) => (this.#state = state));
  /** What was cancelled, and can be had back for a moment. */
  readonly discards = new Discards((command) => this.post(command));
  #state = $state.raw<EngineState | undefined>();
  readonly #shown = $derived(without(this.#state, this.discards.last?.infoHash));
  #broken = $state.raw<string | undefined>();
  #isMissing = $state.raw(false);
  #announcement = $state.raw("");
  #newest: EngineState | undefined;
  #lastSave = 0;
  readonly #onDone: (name: string) => void;

  /** `base`: the page's URL, ending in "/". `onDone` is told the name of each get that becomes complete. */
  constructor(open: OpenEngine, base: string, onDone: (name: string) => void) {
    this.#onDone = onDone;
    this.#engine = open((event) => this.#on(event));
    this.post({ type: "start", base });
  }

  /** Undefined until the engine has told for the first time. What is being cancelled is not in it. */
  get state(): EngineState | undefined {
    return this.#shown;
  }

  /** Why there is no engine at all, for details. */
  get broken(): string | undefined {
    return this.#broken;
  }

  /** A part of the page has not come yet, and is waited for. */
  get isMissing(): boolean {
    return this.#isMissing;
  }

  /** The last change of kind, in words. */
  get announcement(): string {
    return this.#announcement;
  }

  post(command: EngineCommand): void {
    this.#engine.post(command);
  }

  /** Ends a get and deletes what has come, unless that is taken back in time. */
  discard(get: GetItem): void {
    this.discards.discard(get);
  }

  /** Goes on with a share whose files the browser remembers, on a click; false when that is not to be. */
  async grant(infoHash: string): Promise<boolean> {
    return await this.#engine.grant(infoHash).catch(() => false);
  }

  /** Asks for what was got, as a Blob that is a file's or, with a `target`, written there. */
  save(infoHash: string, target?: SaveTarget): Promise<Saved> {
    const request = ++this.#lastSave;
    return new Promise((resolve) => {
      this.#saves.set(request, resolve);
      this.post(
        target === undefined ? { type: "save", infoHash, request } : { type: "save-to", infoHash, request, target },
      );
    });
  }

  #on(event: EngineEvent): void {
    this.#isMissing = event.type === "not-loaded";
    switch (event.type) {
      case "state":
        this.#onState(event.state);
        return;
      case "saved":
        this.#answer(event.request, { kind: "saved", name: event.name, blob: event.blob });
        return;
      case "save-failed":
        this.#answer(event.request, { kind: "failed", trouble: event.trouble });
        return;
      case "not-loaded":
        return;
      case "broken":
        this.#broken = event.message;
    }
  }

  #onState(state: EngineState): void {
    const before = this.#newest;
    this.#newest = state;
    this.#settler.offer(state);
    const said = announcementsBetween(before, state);
    if (said.length > 0) this.#announcement = said.join(". ");
    doneBetween(before, state).forEach((name) => this.#onDone(name));
  }

  #answer(request: number, saved: Saved): void {
    this.#saves.get(request)?.(saved);
    this.#saves.delete(request);
  }
}

function without(state: EngineState | undefined, infoHash: string | undefined): EngineState | undefined {
  if (state === undefined || infoHash === undefined) return state;
  return { ...state, gets: state.gets.filter((get) => get.infoHash !== infoHash) };
}
