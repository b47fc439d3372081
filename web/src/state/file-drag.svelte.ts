/** Whether files are being dragged over the window, and what is dropped on it. */
export class FileDrag {
  #isOver = $state(false);
  readonly #onDrop: (data: DataTransfer) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onDrop: (data: DataTransfer) => void) {
    this.#onDrop = onDrop;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Listens to the whole window; returns what ends that. */
  start(): () => void {
    const stopped = new AbortController();
    const { signal } = stopped;
    addEventListener("dragenter", (event) => this.#onOver(event), { signal });
    addEventListener("dragover", (event) => this.#onOver(event), { signal });
    addEventListener("drop", (event) => this.#onDropEvent(event), { signal });
    return () => {
      stopped.abort();
      clearTimeout(this.#timer);
    };
  }

  #onOver(event: DragEvent): void {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    this.#isOver = true;
    // Leaving is told for every element on the way; that "over" comes no more is the one sure sign.
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#isOver = false), OVER_EVERY_MS);
  }

  #onDropEvent(event: DragEvent): void {
    clearTimeout(this.#timer);
    this.#isOver = false;
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    this.#onDrop(event.dataTransfer);
  }
}

/** Browsers tell "over" every 50 to 350 ms while something hovers. */
const OVER_EVERY_MS = 600;

function hasFiles(data: DataTransfer | null): data is DataTransfer {
  return data?.types.includes("Files") === true;
}
