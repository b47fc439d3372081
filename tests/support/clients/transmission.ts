import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureProgram } from "../programs.js";
import { askUntil } from "./ask-until.js";
import { bits, type Encryption, type Job, type OrdinaryPeer } from "./ordinary-peer.js";
import { ProgramProcess } from "./program-process.js";

const RPC_PORT = 9091;
const SESSION_HEADER = "x-transmission-session-id";

const SETTINGS = {
  "dht-enabled": false,
  "lpd-enabled": false,
  "utp-enabled": false,
  "port-forwarding-enabled": false,
  "rpc-bind-address": "0.0.0.0",
  "rpc-port": RPC_PORT,
  "rpc-whitelist-enabled": false,
  "rpc-host-whitelist-enabled": false,
};

const ENCRYPTION: Record<Encryption, number> = { never: 0, preferred: 1, required: 2 };

/** What is used of a torrent in the answer to `torrent-get`. */
interface Torrent {
  readonly pieces: string;
  readonly pieceCount: number;
}

interface Reply {
  readonly result: string;
  readonly arguments: { readonly torrents?: readonly Torrent[] };
}

/** Starts transmission-daemon with one torrent. */
export async function startTransmission(job: Job): Promise<OrdinaryPeer> {
  const settings = join(job.folder, ".transmission");
  await mkdir(settings, { recursive: true });
  const limit = job.bytesPerSecond ?? 0;
  const own = {
    "download-dir": job.folder,
    encryption: ENCRYPTION[job.encryption ?? "never"],
    "speed-limit-up-enabled": limit > 0,
    "speed-limit-up": Math.round(limit / 1_000),
  };
  await writeFile(join(settings, "settings.json"), JSON.stringify({ ...SETTINGS, ...own }));
  const program = await ensureProgram("transmission-daemon", "transmission-daemon");
  const peer = new TransmissionPeer(job, [program, "--foreground", "--config-dir", settings]);
  await peer.open();
  return peer;
}

class TransmissionPeer implements OrdinaryPeer {
  readonly client = "Transmission";
  readonly #job: Job;
  readonly #process: ProgramProcess;
  #session = "";

  constructor(job: Job, command: readonly string[]) {
    this.#job = job;
    this.#process = new ProgramProcess([...job.machine.under, ...command], { folder: job.folder });
  }

  get said(): string {
    return this.#process.said;
  }

  /** Waits until the daemon answers, and adds the torrent. */
  async open(): Promise<void> {
    const { source } = this.#job;
    await askUntil(
      async () => await this.#call("session-get", {}),
      () => `Transmission does not listen:\n${this.said}`,
    );
    const torrent = source.startsWith("magnet:")
      ? { filename: source }
      : { metainfo: (await readFile(source)).toString("base64") };
    const reply = await this.#call("torrent-add", torrent);
    if (reply?.result !== "success") throw new Error(`Transmission refuses ${source}: ${String(reply?.result)}`);
  }

  async held(): Promise<readonly boolean[]> {
    const reply = await this.#call("torrent-get", { fields: ["pieces", "pieceCount"] });
    const torrent = reply?.arguments.torrents?.[0];
    return torrent ? bits(Buffer.from(torrent.pieces, "base64"), torrent.pieceCount) : [];
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** Calls a method of its RPC; undefined when it does not answer. */
  async #call(method: string, args: object): Promise<Reply | undefined> {
    if (this.#process.ending) throw new Error(`Transmission has ended:\n${this.said}`);
    const url = `http://${this.#job.machine.address}:${RPC_PORT}/transmission/rpc`;
    const question = { method: "POST", body: JSON.stringify({ method, arguments: args }) };
    const ask = () => this.#job.network.ask(url, { ...question, headers: { [SESSION_HEADER]: this.#session } });
    let answer = await ask();
    if (answer.status === 409) {
      // The refusal says which session id it wants: its guard against pages of the web.
      this.#session = String(answer.headers[SESSION_HEADER]);
      answer = await ask();
    }
    return answer.status === 200 ? (JSON.parse(answer.body.toString()) as Reply) : undefined;
  }
}
