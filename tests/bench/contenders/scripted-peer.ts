import { MeasuredProcess } from "../process/measured-process.js";
import type { Download, Exchanger, Seeder, Share } from "./contender.js";

/** What a peer script is told, as JSON in its only argument. */
export interface PeerPlan {
  /** Shares that it has: complete, believed unread. */
  readonly seeds: readonly TorrentAt[];
  /** Shares that it shall get. */
  readonly gets: readonly TorrentAt[];
  /** Ports of loopback to connect to for these; null: they come as JSON in a line of standard input, and then it begins. */
  readonly peers: readonly number[] | null;
  /** For libtorrent: its settings for high performance. */
  readonly isTuned: boolean;
}

interface TorrentAt {
  readonly torrent: string;
  readonly folder: string;
}

/** What a peer script prints, as JSON in lines. It ends when it has everything, unless it also seeds. */
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
    const process = this.#start({ gets: [at(share, into)], peers: seeders.map(({ port }) => port) });
    return { process, complete: complete(process) };
  }

  async exchange(has: Share, wants: Share, into: string): Promise<Exchanger> {
    const process = this.#start({ seeds: [at(has, has.folder)], gets: [at(wants, into)] });
    const get = async (from: Exchanger) => {
      process.write(JSON.stringify([from.port]));
      await complete(process);
    };
    return { process, port: await readyPort(process), get };
  }

  #start(plan: Partial<PeerPlan>): MeasuredProcess {
    const [program = "", ...args] = this.#command;
    const whole: PeerPlan = { seeds: [], gets: [], peers: null, isTuned: this.#isTuned, ...plan };
    return new MeasuredProcess(program, [...args, JSON.stringify(whole)]);
  }
}

function at(share: Share, folder: string): TorrentAt {
  return { torrent: share.torrent, folder };
}

async function readyPort(process: MeasuredProcess): Promise<number> {
  return await process.line("its port", (line) => {
    const event = parseEvent(line);
    return event?.event === "ready" ? event.port : undefined;
  });
}

async function complete(process: MeasuredProcess): Promise<void> {
  await process.line("complete", (line) => (parseEvent(line)?.event === "complete" ? true : undefined));
}

function parseEvent(line: string): PeerEvent | undefined {
  return line.startsWith("{") ? (JSON.parse(line) as PeerEvent) : undefined;
}
