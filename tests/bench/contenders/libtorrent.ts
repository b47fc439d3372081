import { ensureLibtorrent } from "../../support/programs.js";
import { repositoryPath } from "../repository.js";
import type { Contender, Download, Exchanger, Seeder, Share } from "./contender.js";
import { ScriptedPeers } from "./scripted-peer.js";
import { versionOf } from "./version-of.js";

const SCRIPT = repositoryPath("tests/bench/contenders/libtorrent-peer.py");

/** The command that runs its script, and its version. */
export async function libtorrentProgram(): Promise<{ command: readonly string[]; version: string }> {
  const python = await ensureLibtorrent();
  const version = versionOf(python, ["-c", "import libtorrent; print(libtorrent.__version__)"], /(\S+)/);
  return { command: [python, SCRIPT], version: `libtorrent ${version}` };
}

/** libtorrent on both sides, through its Python binding: no Python runs while bytes flow. */
export class Libtorrent implements Contender {
  readonly name: string;
  readonly isOurs = false;
  readonly #isTuned: boolean;
  #peers: ScriptedPeers | undefined;

  /** Tuned: with its own `high_performance_seed` settings on both sides. */
  constructor({ name, isTuned }: { name: string; isTuned: boolean }) {
    this.name = name;
    this.#isTuned = isTuned;
  }

  async open(): Promise<string> {
    const { command, version } = await libtorrentProgram();
    this.#peers = new ScriptedPeers(command, this.#isTuned);
    return version;
  }

  async seed(share: Share): Promise<Seeder> {
    return await this.#opened.seed(share);
  }

  download(share: Share, seeders: readonly Seeder[], into: string): Download {
    return this.#opened.download(share, seeders, into);
  }

  readonly exchange = async (has: Share, wants: Share, into: string): Promise<Exchanger> => {
    return await this.#opened.exchange(has, wants, into);
  };

  async close(): Promise<void> {
    // Nothing outlives a run.
  }

  get #opened(): ScriptedPeers {
    if (!this.#peers) throw new Error("libtorrent was not opened");
    return this.#peers;
  }
}
