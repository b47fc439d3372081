import type { PickedFile } from "../engine/messages.js";
import { MAX_PICKED_FILES, pickedFiles, pickedShare } from "../lib/picked-share.js";
import { readDrop, takeDrop, type Dropped, type DropTrouble } from "../lib/read-drop.js";
import type { EngineLink } from "./engine-link.svelte.js";

/** Takes in what a person drops, picks or pastes, and has it shared. */
export class Intake {
  /** Whether what comes next is listed in the hub's catalogue. */
  isListed = $state(true);
  readonly #engine: EngineLink;
  readonly #onShared: () => void;
  #trouble = $state.raw<DropTrouble | undefined>();
  /** Files found so far while folders are read. */
  #reading = $state.raw<number | undefined>();

  /** `onShared` is called when a share was handed to the engine. */
  constructor(engine: EngineLink, onShared: () => void) {
    this.#engine = engine;
    this.#onShared = onShared;
  }

  get trouble(): DropTrouble | undefined {
    return this.#trouble;
  }

  get reading(): number | undefined {
    return this.#reading;
  }

  /** Files of an input or the clipboard. */
  takeFiles(list: Iterable<File>): void {
    this.#share(pickedFiles(list), []);
  }

  /** What was dropped on the window; to be called in the event's handler. */
  takeDrop(data: DataTransfer): void {
    void this.#read(takeDrop(data));
  }

  async #read(dropped: Dropped): Promise<void> {
    this.#trouble = undefined;
    this.#reading = 0;
    const answer = await readDrop(dropped, (count) => this.#count(count));
    this.#reading = undefined;
    if (answer.kind === "trouble") this.#trouble = answer.trouble;
    else this.#share(answer.files, answer.handles);
  }

  /** Written now and then: each file of a large folder would be too often. */
  #count(count: number): void {
    if (count % 100 === 0) this.#reading = count;
  }

  #share(files: readonly PickedFile[], handles: readonly FileSystemHandle[]): void {
    const share = pickedShare(files);
    this.#trouble = share === undefined ? "nothing" : files.length > MAX_PICKED_FILES ? "too-many" : undefined;
    if (share === undefined || this.#trouble !== undefined) return;
    const kept = handles.length === 0 ? {} : { handles };
    this.#engine.post({ type: "share", id: newId(), ...share, isListed: this.isListed, ...kept });
    this.#onShared();
  }
}

/** Unlike `crypto.randomUUID`, this is there on plain http too. */
function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
