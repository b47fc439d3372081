import type { WriteStream } from "node:tty";

/** Lines redrawn in place at the bottom of a terminal; other output goes above them through `above`. */
export class LiveLines {
  readonly #terminal: WriteStream;
  #lines: readonly string[] = [];
  #drawn = 0;

  constructor(terminal: WriteStream) {
    this.#terminal = terminal;
  }

  /** Replaces what is shown. */
  show(lines: readonly string[]): void {
    this.#erase();
    this.#lines = lines;
    this.#draw();
  }

  /** Runs `write`, whose output then stands above the live lines. */
  above(write: () => void): void {
    this.#erase();
    write();
    this.#draw();
  }

  #erase(): void {
    if (this.#drawn > 0) this.#terminal.write(`\r${this.#drawn > 1 ? `\u001b[${this.#drawn - 1}A` : ""}\u001b[J`);
    this.#drawn = 0;
  }

  #draw(): void {
    // Above the last row: a terminal that scrolls would leave copies behind.
    const room = Math.max(1, (this.#terminal.rows || 24) - 1);
    const shown =
      this.#lines.length > room
        ? [...this.#lines.slice(0, room - 1), `… and ${this.#lines.length - room + 1} more`]
        : this.#lines;
    const width = (this.#terminal.columns || 80) - 1;
    this.#terminal.write(shown.map((line) => clip(line, width)).join("\n"));
    this.#drawn = shown.length;
  }
}

/** Cuts to `width` columns, counting wide characters as two so that a line never wraps. */
export function clip(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const character of text) {
    used += columnsOf(character);
    if (used > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text)
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u.test(
        character,
      )
        ? 2
        : 1;
  return columns;
}
