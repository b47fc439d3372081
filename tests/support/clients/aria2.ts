import { ensureProgram } from "../programs.js";
import { askUntil } from "./ask-until.js";
import { bits, type Encryption, type Job, type OrdinaryPeer } from "./ordinary-peer.js";
import { ProgramProcess } from "./program-process.js";

const RPC_PORT = 6800;

const FIXED = [
  "--no-conf",
  "--enable-dht=false",
  "--enable-dht6=false",
  "--bt-enable-lpd=false",
  // An announce that comes to nothing is made again: unasked, it waits for two minutes, longer than a test does.
  "--bt-tracker-interval=10",
  "--check-integrity=true",
  "--seed-ratio=0.0",
  "--file-allocation=none",
  "--summary-interval=0",
  "--console-log-level=notice",
  "--enable-color=false",
  "--show-console-readout=false",
  "--enable-rpc=true",
  "--rpc-listen-all=true",
  `--rpc-listen-port=${RPC_PORT}`,
];

/** "preferred" is what aria2 does unasked: it offers encryption, and takes plain connections as well. */
const ENCRYPTION: Record<Encryption, readonly string[]> = {
  never: ["--bt-min-crypto-level=plain", "--bt-require-crypto=false"],
  preferred: [],
  required: ["--bt-force-encryption=true"],
};

/** What is used of the answer to `aria2.tellActive`: numbers and booleans come as text. */
interface Download {
  readonly bitfield?: string;
  readonly numPieces: string;
  readonly seeder?: string;
  readonly bittorrent?: { readonly info?: object };
}

/** Starts aria2c. */
export async function startAria2(job: Job): Promise<OrdinaryPeer> {
  const peer = new Aria2Peer(job, await ensureProgram("aria2c", "aria2"));
  await askUntil(
    async () => ((await peer.isListening()) ? true : undefined),
    () => `aria2c does not listen:\n${peer.said}`,
  );
  return peer;
}

class Aria2Peer implements OrdinaryPeer {
  readonly client = "aria2c";
  readonly #job: Job;
  readonly #process: ProgramProcess;

  constructor(job: Job, program: string) {
    this.#job = job;
    const { machine, folder, source, encryption = "never", bytesPerSecond = 0 } = job;
    const own = [`--dir=${folder}`, `--max-upload-limit=${bytesPerSecond}`, `--stop-with-process=${process.pid}`];
    const command = [program, ...FIXED, ...ENCRYPTION[encryption], ...own, source];
    this.#process = new ProgramProcess([...machine.under, ...command], { folder });
  }

  get said(): string {
    return this.#process.said;
  }

  async isListening(): Promise<boolean> {
    if (this.#process.ending) throw new Error(`aria2c has ended:\n${this.said}`);
    return (await this.#call()) !== undefined;
  }

  async held(): Promise<readonly boolean[]> {
    if (this.#process.ending) throw new Error(`aria2c has ended:\n${this.said}`);
    // A magnet's metadata is a download of its own, without an `info`.
    const download = (await this.#call())?.find(({ bittorrent }) => bittorrent?.info !== undefined);
    if (!download) return [];
    const count = Number(download.numPieces);
    if (download.seeder === "true") return Array.from({ length: count }, () => true);
    return bits(Buffer.from(download.bitfield ?? "", "hex"), count);
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** What it is downloading and seeding; undefined when it does not answer. */
  async #call(): Promise<readonly Download[] | undefined> {
    const { network, machine } = this.#job;
    const keys = ["bitfield", "numPieces", "seeder", "bittorrent"];
    const body = JSON.stringify({ jsonrpc: "2.0", id: "1", method: "aria2.tellActive", params: [keys] });
    const answer = await network.ask(`http://${machine.address}:${RPC_PORT}/jsonrpc`, { method: "POST", body });
    return answer.status === 200 ? (JSON.parse(answer.body.toString()) as { result: Download[] }).result : undefined;
  }
}
