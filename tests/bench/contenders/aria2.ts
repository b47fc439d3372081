import { ensureProgram } from "../../support/programs.js";
import { freePort } from "../process/free-port.js";
import { MeasuredProcess } from "../process/measured-process.js";
import type { Contender, Download, Seeder, Share } from "./contender.js";
import { PeerList } from "./peer-list.js";
import { versionOf } from "./version-of.js";

/** Nothing but the peers that it is told; no limits; files are allocated at once, which is fastest. */
export const ARIA2_OPTIONS = [
  "--no-conf",
  "--enable-dht=false",
  "--enable-dht6=false",
  "--enable-peer-exchange=false",
  "--bt-enable-lpd=false",
  "--disable-ipv6",
  "--check-integrity=false",
  "--bt-max-peers=0",
  "--file-allocation=falloc",
  "--summary-interval=0",
  "--show-console-readout=false",
  "--allow-overwrite=true",
];

/** aria2c on both sides. It cannot be told a peer, so a tracker in this process tells it. */
export class Aria2 implements Contender {
  readonly name = "aria2c";
  readonly isOurs = false;
  #aria2 = "";
  #peers: PeerList | undefined;

  async open(): Promise<string> {
    this.#aria2 = await ensureProgram("aria2c", "aria2");
    this.#peers = await PeerList.open();
    return `aria2 ${versionOf(this.#aria2, ["--version"], /aria2 version (\S+)/)}`;
  }

  async seed(share: Share): Promise<Seeder> {
    const port = await freePort();
    // The seeder dials nobody.
    this.#peers?.tell([]);
    const process = this.#start(share, port, share.folder, ["--seed-ratio=0.0", "--bt-seed-unverified=true"]);
    await process.listens(port);
    return { process, port };
  }

  download(share: Share, seeders: readonly Seeder[], into: string): Download {
    this.#peers?.tell(seeders.map(({ port }) => `127.0.0.1:${port}`));
    const process = this.#start(share, undefined, into, ["--seed-time=0"]);
    // It goes on for up to a second before it ends: what it says counts.
    const complete = process.line("complete", (line) => line.includes("Download complete") || undefined);
    return { process, complete: complete.then(() => undefined) };
  }

  async close(): Promise<void> {
    await this.#peers?.close();
  }

  #start(share: Share, port: number | undefined, folder: string, more: readonly string[]): MeasuredProcess {
    const listen = port === undefined ? [] : [`--listen-port=${port}`];
    const tracker = `--bt-tracker=${this.#peers?.url ?? ""}`;
    return new MeasuredProcess(this.#aria2, [
      ...ARIA2_OPTIONS,
      ...listen,
      tracker,
      ...more,
      "-d",
      folder,
      share.torrent,
    ]);
  }
}
