import { clearLine, createInterface, cursorTo, type Interface } from "node:readline";
import type { Catalogues } from "../catalogue/catalogues.js";
import { completeLine, type Completion } from "./command-completer.js";
import type { CommandHistory } from "./command-history.js";
import { INTERACTIVE_COMMANDS, type InteractiveSession } from "./interactive-session.js";
import type { Output } from "../terminal/output.js";
import { aborted, type Shutdown } from "../terminal/shutdown.js";

/** Names asked for to complete one. */
const COMPLETION_LIMIT = 50;
const COMPLETION_MS = 1_500;

export interface CommandLoopOptions {
  readonly session: InteractiveSession;
  readonly catalogues: Catalogues;
  readonly history: CommandHistory;
  readonly output: Output;
  readonly shutdown: Shutdown;
  readonly input: NodeJS.ReadStream;
  /** Where a person's typing is echoed. */
  readonly echo: NodeJS.WriteStream;
}

/**
 * Reads commands until "exit", the end of the input or an interruption, and carries them out one after the other. A
 * pipe that ends without "exit" waits for downloads and goes on sharing until interrupted; Ctrl-D is "exit".
 */
export async function runCommandLoop(options: CommandLoopOptions): Promise<void> {
  const { session, shutdown, output } = options;
  const lines = await LineReader.open(options);
  const onAbort = () => lines.close();
  shutdown.signal.addEventListener("abort", onAbort);
  try {
    for await (const line of lines) {
      const outcome = await Promise.race([session.run(line), aborted(shutdown.signal)]);
      if (outcome === "exit" || shutdown.requested) return;
      lines.next();
    }
    await Promise.race([session.downloadsEnded(), aborted(shutdown.signal)]);
    if (!lines.isTerminal && session.isSharing) await aborted(shutdown.signal);
  } finally {
    shutdown.signal.removeEventListener("abort", onAbort);
    output.keepPrompt(undefined);
    lines.close();
  }
}

/** Lines from a person, with prompt, history and completion, or from a pipe. */
class LineReader {
  readonly isTerminal: boolean;
  readonly #lines: Interface;
  readonly #options: CommandLoopOptions;
  /** While a command is being carried out there is no prompt to keep. */
  #isTyping = false;

  private constructor(lines: Interface, options: CommandLoopOptions, isTerminal: boolean) {
    this.#lines = lines;
    this.#options = options;
    this.isTerminal = isTerminal;
    if (isTerminal) this.#attach();
    this.next();
  }

  static async open(options: CommandLoopOptions): Promise<LineReader> {
    const { echo, input } = options;
    if (!input.isTTY || !echo.isTTY) {
      return new LineReader(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }), options, false);
    }
    const history = await options.history.load();
    const completer = (line: string, done: (error: null, completion: Completion) => void) => {
      void complete(line, options).then((completion) => done(null, completion));
    };
    const lines = createInterface({
      input,
      output: echo,
      prompt: "shoal> ",
      completer,
      history,
      removeHistoryDuplicates: true,
    });
    return new LineReader(lines, options, true);
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return this.#lines[Symbol.asyncIterator]();
  }

  /** Asks for the next line. */
  next(): void {
    if (!this.isTerminal) return;
    this.#isTyping = true;
    this.#lines.prompt();
  }

  close(): void {
    this.#isTyping = false;
    this.#lines.close();
  }

  #attach(): void {
    const { shutdown, history, output, echo } = this.#options;
    this.#lines.on("SIGINT", () => shutdown.request());
    this.#lines.on("line", (line: string) => {
      this.#isTyping = false;
      if (line.trim() !== "") void history.add(line.trim());
    });
    output.keepPrompt({
      hide: () => {
        if (!this.#isTyping) return;
        cursorTo(echo, 0);
        clearLine(echo, 1);
      },
      show: () => {
        if (this.#isTyping) this.#lines.prompt(true);
      },
    });
  }
}

async function complete(line: string, { session, catalogues }: CommandLoopOptions): Promise<Completion> {
  const shareNames = async (prefix: string) => {
    // The last word may be half typed: the catalogue finds words within names.
    const found = await catalogues
      .search(prefix.slice(0, 64), COMPLETION_LIMIT, AbortSignal.timeout(COMPLETION_MS))
      .catch(() => []);
    return found.map(({ entry }) => entry.name);
  };
  return await completeLine(line, {
    commands: INTERACTIVE_COMMANDS,
    shareNames,
    runningNames: () => session.runningNames,
  });
}
