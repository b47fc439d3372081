import { messageOf, ShoalError } from "@shoal/peer-core";
import { displayName } from "@shoal/peer-core/torrent";
import { errorCodeOf } from "../exit-codes.js";
import type { JsonEvent } from "./json-events.js";
import { LiveLines } from "./live-lines.js";

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

/** A line that a person is typing at the bottom of the terminal. */
export interface Prompt {
  hide(): void;
  show(): void;
}

/** Where a command's words go: data and `--json` events to stdout, everything for the eye to stderr. */
export class Output {
  readonly #stdout: NodeJS.WriteStream;
  readonly #stderr: NodeJS.WriteStream;
  #options: OutputOptions = { json: false, quiet: false, verbose: false, color: false };
  readonly #troubles = new Set<string>();
  #live: LiveLines | undefined;
  #prompt: Prompt | undefined;

  constructor(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    // A closed pipe (`shoal search x | head -1`) is the reader's right, not an error of ours.
    for (const stream of [stdout, stderr]) stream.on("error", () => undefined);
  }

  configure(options: OutputOptions): void {
    this.#options = options;
  }

  get json(): boolean {
    return this.#options.json;
  }

  get quiet(): boolean {
    return this.#options.quiet;
  }

  /** True when progress may be redrawn in place on stderr. */
  get isLive(): boolean {
    return this.#stderr.isTTY && !this.json && !this.quiet;
  }

  /** One line of data, for people and pipes; nothing with `--json`. */
  print(line: string): void {
    if (!this.json) this.#above(() => this.#stdout.write(`${line}\n`));
  }

  /** One object a line on stdout; nothing without `--json`. */
  event(event: JsonEvent): void {
    if (this.json) this.#stdout.write(`${JSON.stringify(event)}\n`);
  }

  /** A line for the eye; nothing with `--json` or `--quiet`. */
  note(line: string): void {
    if (!this.json && !this.quiet) this.#above(() => this.#stderr.write(`${line}\n`));
  }

  /** A line for the eye with `--verbose` only. */
  detail(line: string): void {
    if (this.#options.verbose) this.#above(() => this.#stderr.write(`${this.#paint("2", line)}\n`));
  }

  warn(code: string, message: string): void {
    this.event({ event: "warning", code, message });
    if (!this.quiet)
      this.#above(() => this.#stderr.write(`${this.#paint("33", "warning:")} ${displayName(message)}\n`));
  }

  /** Warns of a trouble that lasts (a tracker that is down) once, until `ended` is called for the same `trouble`. */
  warnOnce(trouble: string, code: string, message: string): void {
    if (this.#troubles.has(trouble)) return;
    this.#troubles.add(trouble);
    this.warn(code, message);
  }

  /** A lasting trouble is over; `message` says so if it had been warned of. */
  ended(trouble: string, message: string): void {
    if (this.#troubles.delete(trouble)) this.note(message);
  }

  /** Anything thrown: one or two lines, the stack with `--verbose`. */
  error(error: unknown): void {
    const code = errorCodeOf(error);
    const message =
      code === "internal" ? `Unexpected: ${messageOf(error)} (a bug; --verbose shows where)` : messageOf(error);
    this.event({ event: "error", code, message });
    const lines = message.split("\n").map(displayName);
    this.#above(() => this.#stderr.write(`${this.#paint("31", "shoal:")} ${lines.join("\n")}\n`));
    if (this.#options.verbose) for (const line of stackOf(error)) this.detail(line);
  }

  /** Shows `lines` in place at the bottom of the terminal; none takes them away. */
  live(lines: readonly string[]): void {
    if (!this.isLive) return;
    this.#live ??= new LiveLines(this.#stderr);
    this.#live.show(lines);
  }

  /** Raw bytes of a file on stdout, waiting while the reader is slower. */
  async bytes(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      this.#stdout.write(bytes, (error) => {
        if (error) reject(new ShoalError("disk", `Standard output: ${error.message}`, { cause: error }));
        else resolve();
      }),
    );
  }

  /** Lines come above this prompt from now on; undefined: there is none any more. */
  keepPrompt(prompt: Prompt | undefined): void {
    this.#prompt = prompt;
  }

  #above(write: () => void): void {
    this.#prompt?.hide();
    if (this.#live) this.#live.above(write);
    else write();
    this.#prompt?.show();
  }

  #paint(code: string, text: string): string {
    return this.#options.color ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

function stackOf(error: unknown): string[] {
  const lines: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) lines.push(...(at.stack ?? String(at)).split("\n"));
  return lines;
}
