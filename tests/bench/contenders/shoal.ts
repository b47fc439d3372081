import { join } from "node:path";
import { freePort } from "../process/free-port.js";
import { MeasuredProcess } from "../process/measured-process.js";
import { repositoryPath } from "../repository.js";
import type { JsonEvent } from "../../../node-peer/src/terminal/json-events.js";
import type { Contender, Download, Exchanger, Seeder, Share } from "./contender.js";

const COMMAND = repositoryPath("node-peer/bin/shoal.js");

type EventOf<Name extends JsonEvent["event"]> = Extract<JsonEvent, { event: Name }>;

/** Shoal on both sides, as the command that everybody runs. */
export class Shoal implements Contender {
  readonly name: string;
  readonly isOurs = true;
  readonly #transport: "ws" | "tcp";
  readonly #folder: string;
  #seedersHub: ShoalHub | undefined;
  #strangersHub: ShoalHub | undefined;
  #exchangers = 0;

  /** `folder` receives what it remembers of its shares from run to run, as on anybody's machine. */
  constructor(transport: "ws" | "tcp", folder: string) {
    this.name = transport === "ws" ? "Shoal over WebSocket" : "Shoal over TCP";
    this.#transport = transport;
    this.#folder = join(folder, transport);
  }

  async open(): Promise<string> {
    this.#seedersHub = await ShoalHub.start(join(this.#folder, "hub"));
    // Where downloads ask nobody knows the share: it comes from the peers that they are told, as with the others.
    this.#strangersHub = await ShoalHub.start(join(this.#folder, "strangers"));
    return `Shoal`;
  }

  async seed(share: Share, place: number): Promise<Seeder> {
    const port = await freePort();
    const process = run(
      ["upload", join(share.folder, share.name), "--tracker", this.#seedersHub?.tracker ?? "", "--listen", `${port}`],
      join(this.#folder, `seeder-${place}`),
    );
    const { infoHash } = await event(process, "shared");
    if (infoHash !== share.infoHash) throw new Error(`Shoal shares ${infoHash} instead of ${share.infoHash}`);
    return { process, port };
  }

  download(share: Share, seeders: readonly Seeder[], into: string): Download {
    const magnet = magnetOf(
      share,
      seeders.map(({ port }) => this.#endpoint(port)),
    );
    const args = ["download", magnet, "-o", into, "--tracker", this.#strangersHub?.tracker ?? ""];
    const process = run(args, join(this.#folder, "downloader"));
    return { process, complete: event(process, "complete").then(() => undefined) };
  }

  readonly exchange = async (has: Share, wants: Share, into: string): Promise<Exchanger> => {
    const port = await freePort();
    // Each at a hub of its own, so that neither hears of the other but from us.
    const hub = new URL((this.#exchangers++ % 2 === 0 ? this.#seedersHub : this.#strangersHub)?.tracker ?? "");
    const process = run(
      ["client", hub.hostname, hub.port, "-o", into, "--listen", `${port}`],
      join(this.#folder, `exchanger-${has.name}`),
    );
    process.write(`upload ${join(has.folder, has.name)}`);
    await event(process, "shared");
    const get = async (from: Exchanger) => {
      process.write(`download ${magnetOf(wants, [this.#endpoint(from.port)])}`);
      await event(process, "complete");
    };
    return { process, port, get };
  };

  async close(): Promise<void> {
    await this.#seedersHub?.stop();
    await this.#strangersHub?.stop();
  }

  #endpoint(port: number): string {
    return this.#transport === "ws" ? `ws://127.0.0.1:${port}/peer` : `tcp://127.0.0.1:${port}`;
  }
}

function magnetOf({ infoHash }: Share, endpoints: readonly string[]): string {
  return `magnet:?xt=urn:btih:${infoHash}${endpoints.map((url) => `&x.ep=${encodeURIComponent(url)}`).join("")}`;
}

/** A hub on loopback, as `shoal serve` runs it. */
export class ShoalHub {
  readonly process: MeasuredProcess;
  /** On which it listens, on loopback. */
  readonly port: number;

  private constructor(process: MeasuredProcess, port: number) {
    this.process = process;
    this.port = port;
  }

  /** Its announce URL. */
  get tracker(): string {
    return `ws://127.0.0.1:${this.port}/announce`;
  }

  static async start(folder: string): Promise<ShoalHub> {
    const process = run(["serve", "--host", "127.0.0.1", "--port", "0", "--announce-rate", "0"], folder);
    const { port } = await event(process, "serving");
    return new ShoalHub(process, port);
  }

  async stop(): Promise<void> {
    await this.process.stop();
  }
}

/** Starts `shoal ARGS --json` with a data folder. */
export function run(args: readonly string[], data: string): MeasuredProcess {
  const [program = "", ...rest] = shoalCommand(args, data);
  return new MeasuredProcess(program, rest);
}

/** `shoal ARGS --json` with a data folder, as it is started. */
export function shoalCommand(args: readonly string[], data: string): readonly string[] {
  return [process.execPath, COMMAND, ...args, "--data", data, "--json"];
}

/** Resolves with the first event of a kind that it prints, and that matches. */
export async function event<Name extends JsonEvent["event"]>(
  process: MeasuredProcess,
  name: Name,
  matches: (event: EventOf<Name>) => boolean = () => true,
): Promise<EventOf<Name>> {
  return await process.line(`"${name}"`, (line) => {
    const parsed = line.startsWith("{") ? (JSON.parse(line) as JsonEvent) : undefined;
    if (parsed?.event !== name) return undefined;
    const found = parsed as EventOf<Name>;
    return matches(found) ? found : undefined;
  });
}
