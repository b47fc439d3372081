import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { EventOf, ProcessBed, RunOptions, ShoalProcess } from "./processes.js";

/** How soon the hub is asked again for what it does not say by itself. */
const ASK_AGAIN_MS = 50;
const WAIT_LIMIT_MS = 30_000;

/** One share as the hub's catalogue describes it. */
export interface Listed {
  readonly infoHash: string;
  readonly name: string;
  readonly size: number;
  readonly seeds: number;
  readonly leeches: number;
}

/** How a hub is run. */
interface Place {
  readonly bed: ProcessBed;
  readonly data: string;
  readonly options: readonly string[];
  readonly run: RunOptions;
}

interface Running {
  readonly process: ShoalProcess;
  readonly serving: EventOf<"serving">;
}

/** A real hub, a process of its own on a port of this machine; it can be killed and come again. */
export class TestHub {
  readonly #place: Place;
  #process: ShoalProcess;
  #serving: EventOf<"serving">;

  private constructor(place: Place, running: Running) {
    this.#place = place;
    this.#process = running.process;
    this.#serving = running.serving;
  }

  /** `options`: more of `shoal serve`. Two hubs of one bed need names of their own. */
  static async start(
    bed: ProcessBed,
    options: readonly string[] = [],
    name = "hub",
    run: RunOptions = {},
  ): Promise<TestHub> {
    const place = { bed, data: bed.path(name), options, run };
    return new TestHub(place, await serve(place, 0));
  }

  get process(): ShoalProcess {
    return this.#process;
  }

  /** The announce URL. */
  get tracker(): string {
    return this.#serving.tracker;
  }

  get url(): string {
    return this.#serving.url;
  }

  /** Shares `path` of the bed at this hub. */
  upload(path: string, ...options: string[]): ShoalProcess {
    return this.#place.bed.run(["upload", path, "--tracker", this.tracker, ...options]);
  }

  /** Gets `what` from this hub into a folder of the bed. */
  download(what: string, folder: string, ...options: string[]): ShoalProcess {
    return this.#place.bed.run([
      "download",
      what,
      "-o",
      this.#place.bed.path(folder),
      "--tracker",
      this.tracker,
      ...options,
    ]);
  }

  /** Ends it at once, as a power failure does. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.end();
  }

  /** Deletes all pieces that its relay keeps; to be called while it is down. */
  async loseCache(): Promise<void> {
    await rm(join(this.#place.data, "hub", "cache"), { recursive: true });
  }

  /** Serves again on the same port from the same data folder. */
  async restart(): Promise<void> {
    const { process, serving } = await serve(this.#place, this.#serving.port);
    this.#process = process;
    this.#serving = serving;
  }

  async listed(infoHash: string): Promise<Listed> {
    return await this.#get<Listed>(`api/torrents/${infoHash}`);
  }

  /** Asks the catalogue until it says of a share what is expected; rejects after half a minute. */
  async until(infoHash: string, matches: (listed: Listed) => boolean): Promise<Listed> {
    const from = performance.now();
    for (;;) {
      const listed = await this.listed(infoHash);
      if (matches(listed)) return listed;
      if (performance.now() - from > WAIT_LIMIT_MS) throw new Error(`The hub still says ${JSON.stringify(listed)}`);
      // Nobody is told when another peer's registration changes: it has to be asked for.
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }

  /** A figure of the hub's relay, by what follows `shoal_relay_` in its name. */
  relayed(name: string): Promise<number> {
    return this.#metric(`shoal_relay_${name}`);
  }

  /** A figure of its tracker, by what follows `shoal_tracker_`. */
  tracked(name: string): Promise<number> {
    return this.#metric(`shoal_tracker_${name}`);
  }

  async #metric(name: string): Promise<number> {
    const text = await (await fetch(new URL("metrics", this.url))).text();
    return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(new URL(path, this.url));
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}

async function serve({ bed, data, options, run }: Place, port: number): Promise<Running> {
  const where = ["--host", "127.0.0.1", "--port", String(port), "--data", data];
  const process = bed.run(["serve", ...where, ...options], run);
  return { process, serving: await process.event("serving") };
}
