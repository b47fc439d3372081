import { MeasuredProcess } from "../process/measured-process.js";
import type { Download, Exchanger, Seeder, Share } from "./contender.js";

/** What a peer script is told, as JSON in its only argument. */
export interface PeerPlan {
  /** Shares that it has: complete, believed unread. */
  readonly seeds: readonly TorrentAt[];
  /** Shares that it shall get. */
  readonly gets: readonly TorrentAt[];
  /** HOST:PORT to connect to for these; null: they come as JSON in a line of standard input, and then it begins. */
  readonly peers: readonly string[] | null;
  /** HOST:PORT to listen on, with an IPv4 address; a free port for 0. */
  readonly listen: string;
  /** It goes on sharing when it has everything. */
  readonly stays: boolean;
  /** For libtorrent: its settings for high performance. */
  readonly isTuned: boolean;
}

interface TorrentAt {
  readonly torrent: string;
  readonly folder: string;
}

/** What a peer script prints, as JSON in lines. It ends when it has everything, unless it also seeds or stays. */
export type PeerEvent = { readonly event: "ready"; readonly port: number } | { readonly event: "complete" };

/** Peers that are a library with a script around it. */
export class ScriptedPeers {
  readonly #command: readonly string[];
  readonly #isTuned: boolean;

  /** `command` runs the script, which takes a `PeerPlan`. */
  constructor(command: readonly string[], isTuned: boolean) {
    this.#command = command;
    this.#isTuned = isTuned;
  }

  async seed(share: Share): Promise<Seeder> {
    const process = this.#start({ seeds: [at(share, share.folder)] });
    return { process, port: await readyPort(process) };
  }

  download(share: Share, seeders: readonly Seeder[], into: string): Download {
    const process = this.#start({ gets: [at(share, into)], peers: seeders.map(({ port }) => loopback(port)) });
    return { process, complete: complete(process) };
  }

  async exchange(has: Share, wants: Share, into: string): Promise<Exchanger> {
    const process = this.#start({ seeds: [at(has, has.folder)], gets: [at(wants, into)] });
    const get = async (from: Exchanger) => {
      process.write(JSON.stringify([loopback(from.port)]));
      await complete(process);
    };
    return { process, port: await readyPort(process), get };
  }

  #start(plan: Partial<PeerPlan>): MeasuredProcess {
    const [program = "", ...args] = scriptCommand(this.#command, { isTuned: this.#isTuned, ...plan });
    return new MeasuredProcess(program, args);
  }
}

/** How a peer script is started; what the plan leaves out: it shares and gets nothing, on loopback. */
export function scriptCommand(command: readonly string[], plan: Partial<PeerPlan>): readonly string[] {
  const nothing = { seeds: [], gets: [], peers: null, listen: loopback(0), stays: false, isTuned: false };
  return [...command, JSON.stringify({ ...nothing, ...plan })];
}

function loopback(port: number): string {
  return `127.0.0.1:${port}`;
}

function at(share: Share, folder: string): TorrentAt {
  return { torrent: share.torrent, folder };
}

/** Resolves with the port when the peer of a script has checked what it has, and listens. */
export async function readyPort(process: MeasuredProcess): Promise<number> {
  return await process.line("its port", (line) => {
    const event = parseEvent(line);
    return event?.event === "ready" ? event.port : undefined;
  });
}

/** Resolves when the peer of a script has everything. */
export async function complete(process: MeasuredProcess): Promise<void> {
  await process.line("complete", (line) => (parseEvent(line)?.event === "complete" ? true : undefined));
}

function parseEvent(line: string): PeerEvent | undefined {
  return line.startsWith("{") ? (JSON.parse(line) as PeerEvent) : undefined;
}
