import { isShoalError, ShoalError } from "@shoal/peer-core";
import { displayName } from "@shoal/peer-core/torrent";
import { Catalogues } from "../catalogue/catalogues.js";
import { expandHome } from "./command-completer.js";
import { listingTable } from "../catalogue/listing.js";
import { EXIT, exitCodeOf, type ExitCode } from "../exit-codes.js";
import { getShare, type GetPlan, type GetTools } from "../get/get-share.js";
import { hashShare, type HashOptions } from "../share/hash-share.js";
import { reportShared } from "../terminal/report-shared.js";
import { shareLine } from "../terminal/share-progress.js";
import { shareSource, type SharePlan, type ShareTools } from "../share/share-source.js";
import { aborted } from "../terminal/shutdown.js";
import { scanSource } from "../storage/scan-source.js";
import { formatCount } from "../units.js";
import { UsageError } from "../usage-error.js";

export interface InteractiveOptions {
  readonly getPlan: GetPlan;
  readonly sharePlan: SharePlan;
  readonly hashing: HashOptions;
  readonly tools: ShareTools & GetTools;
}

/** Something under way in the background. */
interface Running {
  readonly kind: "download" | "upload";
  readonly name: string;
  readonly cancel: () => void;
  readonly ended: Promise<void>;
}

const HELP = `upload PATH     share a file or folder; it is shared until exit
download NAME   get a share by name, link, magnet or info-hash
list [WORDS]    what the catalogue holds
status          what is under way here
cancel NAME     stop one of them (or: cancel all)
help            this text
exit            wait for downloads under way, stop sharing, leave

Downloads run in the background, also when commands come from a pipe: they are
carried out in order, and exit takes effect when every download has ended.
At the end of a pipe without exit, sharing goes on until Ctrl-C.`;

export const INTERACTIVE_COMMANDS: readonly string[] = [
  "upload",
  "download",
  "list",
  "status",
  "cancel",
  "help",
  "exit",
];

/** Carries out the commands of the interactive client. */
export class InteractiveSession {
  readonly #options: InteractiveOptions;
  readonly #running = new Set<Running>();
  #exitCode: ExitCode = EXIT.done;

  constructor(options: InteractiveOptions) {
    this.#options = options;
  }

  /** The exit code of the first command that failed. */
  get exitCode(): ExitCode {
    return this.#exitCode;
  }

  get runningNames(): readonly string[] {
    return [...this.#running].map((each) => each.name);
  }

  get isSharing(): boolean {
    return [...this.#running].some((each) => each.kind === "upload");
  }

  /** Carries out one line; "exit" when the client is to end. Mistakes are printed, not thrown. */
  async run(line: string): Promise<"exit" | undefined> {
    const [, command = "", rest = ""] = /^\s*(\S+)\s*(.*?)\s*$/s.exec(line) ?? [];
    const argument = rest.replace(/^(["'])(.*)\1$/s, "$2");
    try {
      if (command === "exit" || command === "quit") {
        await this.downloadsEnded();
        return "exit";
      }
      await this.#carryOut(command, argument);
    } catch (error) {
      this.#fail(error);
    }
    return undefined;
  }

  /** Resolves when no download is under way. */
  async downloadsEnded(): Promise<void> {
    const downloads = [...this.#running].filter((each) => each.kind === "download");
    if (downloads.length === 0) return;
    this.#options.tools.output.note(`Waiting for ${formatCount(downloads.length, "download")} (Ctrl-C to give up)`);
    await Promise.all(downloads.map((each) => each.ended));
  }

  async #carryOut(command: string, argument: string): Promise<void> {
    switch (command) {
      case "":
        return;
      case "upload": {
        await this.#upload(expandHome(required(argument, "upload PATH")));
        return;
      }
      case "download": {
        this.#download(required(argument, "download NAME"));
        return;
      }
      case "list": {
        await this.#list(argument);
        return;
      }
      case "status": {
        this.#status();
        return;
      }
      case "cancel": {
        this.#cancel(required(argument, "cancel NAME"));
        return;
      }
      case "help": {
        this.#options.tools.output.print(HELP);
        return;
      }
      default:
        throw new UsageError(`There is no command "${command}"; try help`);
    }
  }

  async #upload(path: string): Promise<void> {
    const { hashing, sharePlan, tools } = this.#options;
    const source = await scanSource(path, tools.signal);
    for (const warning of source.warnings) tools.output.warn("source", warning);
    const share = await shareSource(await hashShare(source, hashing), sharePlan, tools);
    reportShared(path, share, tools.output, false);
    const { name } = share.metainfo;
    const canceling = new AbortController();
    const ended = Promise.race([share.failed, aborted(canceling.signal)]).then(async (failure) => {
      if (failure) tools.output.warn(failure.code, `${name} is no longer shared: ${failure.message}`);
      await share.session.stop();
    });
    this.#keep({ kind: "upload", name, cancel: () => canceling.abort(), ended });
  }

  #download(what: string): void {
    const { getPlan, tools } = this.#options;
    const canceling = new AbortController();
    const signal = AbortSignal.any([tools.signal, canceling.signal]);
    const ended = getShare(what, getPlan, { ...tools, signal }).then(
      async (downloaded) => await downloaded?.session.stop(),
      (error: unknown) => {
        if (signal.aborted) tools.output.note(`${displayName(what)}: canceled; what has come is kept for next time`);
        else this.#fail(error);
      },
    );
    tools.output.note(`Getting ${displayName(what)} (status shows how it comes along)`);
    this.#keep({
      kind: "download",
      name: what,
      cancel: () => canceling.abort(new ShoalError("aborted", "Canceled")),
      ended,
    });
  }

  async #list(words: string): Promise<void> {
    const { output, signal } = this.#options.tools;
    const catalogues = new Catalogues(this.#options.sharePlan.trackers, (error) =>
      output.warn(error.code, error.message),
    );
    const found = await catalogues.search(words, LIST_LIMIT, signal);
    for (const line of listingTable(found)) output.print(line);
    if (found.length === 0)
      output.print(words === "" ? "Nothing is shared there yet." : `Nothing matches "${displayName(words)}".`);
  }

  #status(): void {
    const { client, output } = this.#options.tools;
    const sessions = client.sessions();
    for (const session of sessions) output.print(shareLine(session.view, session.metainfo?.name ?? session.infoHash));
    if (sessions.length === 0) output.print("Nothing is under way.");
  }

  #cancel(name: string): void {
    const chosen = [...this.#running].filter((each) => name === "all" || each.name === name);
    if (chosen.length === 0)
      throw new ShoalError("not-found", `Nothing called "${name}" is under way; status shows what is`);
    for (const each of chosen) each.cancel();
  }

  #keep(running: Running): void {
    this.#running.add(running);
    void running.ended.finally(() => this.#running.delete(running));
  }

  #fail(error: unknown): void {
    if (isShoalError(error, "aborted")) return;
    this.#options.tools.output.error(error);
    if (this.#exitCode === EXIT.done) this.#exitCode = exitCodeOf(error);
  }
}

const LIST_LIMIT = 200;

function required(argument: string, usage: string): string {
  if (argument === "") throw new UsageError(`Expected: ${usage}`);
  return argument;
}
