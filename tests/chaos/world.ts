import { mkdir } from "node:fs/promises";
import { freePort } from "../bench/process/free-port.js";
import { writeContent } from "../support/file-content.js";
import { ProcessBed } from "../support/processes.js";
import { canMountDisks, SmallDisk } from "../support/small-disk.js";
import { Actor, type Part } from "./actor.js";
import { ChaosTab } from "./chaos-tab.js";
import { DownloadPart, type Subject } from "./download-part.js";
import type { Role } from "./fault-plan.js";
import { FaultyLine } from "./faulty-line.js";
import type { Ledger } from "./ledger.js";

const MIB = 1024 * 1024;
const FILE_BYTES = 4 * MIB;
/** So slow that a file takes long enough to be hit by several faults. */
const SEEDER_RATE = "500K";
const HUB_RATE = "800K";
const DOWNLOADER_RATE = "400K";
/** Smaller than all shares together, so that pieces are forgotten, too. */
const CACHE = "12M";
const DISK_MIB = 32;
const RELAY_DISK_MIB = 64;
/** Those who listen can be dialled by others, the others reach each other through relays alone. */
const SEEDERS = [{ listens: true }, { listens: false }];
const DOWNLOADERS = [{ listens: true }, { listens: false }, { listens: false }];
const FILES_PER_SEEDER = 2;

export const VICTIMS: readonly { readonly name: string; readonly role: Role }[] = [
  { name: "hub", role: "hub" },
  { name: "relay", role: "relay" },
  ...SEEDERS.map((_, at) => ({ name: `seeder-${at}`, role: "seeder" as const })),
  ...DOWNLOADERS.map((_, at) => ({ name: `downloader-${at}`, role: "downloader" as const })),
];

export const TAB: { readonly name: string; readonly role: Role } = { name: "tab", role: "tab" };

interface Ports {
  readonly hub: number;
  readonly relay: number;
}

/** Real processes that share and get, with a line that can fail wherever one of them reaches another. */
export class World {
  readonly bed: ProcessBed;
  readonly ledger: Ledger;
  readonly actors = new Map<string, Actor>();
  readonly downloads = new Map<string, DownloadPart>();
  readonly subjects = new Map<string, Subject>();
  /** Undefined where no browser takes part. */
  tab: ChaosTab | undefined;
  readonly #ports: Ports;
  readonly #lines: FaultyLine[] = [];
  readonly #disks: SmallDisk[] = [];

  private constructor(bed: ProcessBed, ledger: Ledger, ports: Ports) {
    this.bed = bed;
    this.ledger = ledger;
    this.#ports = ports;
  }

  /** Starts everybody, with a browser's tab or without; resolves when every share is known. */
  static async open(ledger: Ledger, hasTab: boolean): Promise<World> {
    const world = new World(await ProcessBed.open(), ledger, { hub: await freePort(), relay: await freePort() });
    try {
      await world.#startHubs();
      for (const [at, { listens }] of SEEDERS.entries()) await world.#startSeeder(at, listens);
      for (const [at, { listens }] of DOWNLOADERS.entries()) await world.#startDownloader(at, listens);
      if (hasTab) await world.#startTab();
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  get lines(): readonly FaultyLine[] {
    return this.#lines;
  }

  /** The page of a hub, without any line between. */
  url(hub: "hub" | "relay"): string {
    return `http://127.0.0.1:${this.#ports[hub]}/`;
  }

  actor(name: string): Actor {
    const actor = this.actors.get(name);
    if (actor === undefined) throw new Error(`Nobody is called ${name}`);
    return actor;
  }

  /** Where an actor keeps what it knows, as this process sees it. */
  dataOf(name: string): string {
    return `${this.actor(name).disk?.outside ?? this.bed.path("disks", name)}/data`;
  }

  /** Everything is well again: lines, disks, processes. */
  calm(): void {
    for (const line of this.#lines) line.calm();
    for (const disk of this.#disks) disk.sh('rm -f "$1/filler"');
  }

  async close(): Promise<void> {
    await this.tab?.close();
    await Promise.all([...this.actors.values()].map((actor) => actor.end("SIGKILL")));
    await Promise.all(this.#lines.map((line) => line.close()));
    await this.bed.close();
    for (const disk of this.#disks) disk.close();
  }

  async #startHubs(): Promise<void> {
    const { hub, relay } = this.#ports;
    const serve = (name: string, port: number) => {
      const where = ["--host", "127.0.0.1", "--port", String(port), "--data", this.#seenBy(name)];
      return ["serve", ...where, "--up", HUB_RATE, "--cache", CACHE];
    };
    const never: Part["ended"] = () => false;
    await this.#cast("hub", "hub", [], { args: () => serve("hub", hub), ended: never });
    const toHub = await this.#line("relay-to-hub", hub);
    const inward = await this.#line("to-relay", relay);
    const args = [...serve("relay", relay), "--tracker", trackerAt(toHub.port), "--public-url", pageAt(inward.port)];
    const full = (): boolean => this.ledger.isDiskFull("relay");
    await this.#cast("relay", "relay", [toHub, inward], { args: () => args, ended: full }, RELAY_DISK_MIB);
    for (const name of ["hub", "relay"]) {
      this.actor(name).start();
      await this.actor(name).run?.process.event("serving");
    }
  }

  async #startSeeder(at: number, listens: boolean): Promise<void> {
    const name = `seeder-${at}`;
    const { lines, options } = await this.#reach(name, listens);
    const files = Array.from({ length: FILES_PER_SEEDER }, (_, file) => `share-${at}-${file}.bin`);
    const contents = new Map<string, string>();
    for (const [file, each] of files.entries())
      contents.set(each, await writeContent(this.bed.path(each), FILE_BYTES, 1 + at * FILES_PER_SEEDER + file));
    const paths = files.map((each) => this.bed.path(each));
    const args = ["upload", ...paths, ...options, "--up", SEEDER_RATE, "--data", this.#seenBy(name)];
    // With no tracker in reach nothing can be shared: it says so and ends.
    const ended: Part["ended"] = ({ process }, { code }) =>
      code === 1 && process.all("error").at(-1)?.code === "tracker";
    await this.#cast(name, "seeder", lines, { args: () => args, ended });
    this.actor(name).start();
    for (const each of files) {
      const shared = await this.actor(name).run?.process.event("shared", (event) => event.name === each);
      if (shared) this.subjects.set(shared.infoHash, { ...shared, content: contents.get(each) ?? "" });
    }
  }

  async #startDownloader(at: number, listens: boolean): Promise<void> {
    const name = `downloader-${at}`;
    const { lines, options } = await this.#reach(name, listens);
    const disk = await this.#disk(name, DISK_MIB);
    const folder = this.bed.path("disks", name);
    const part = new DownloadPart(
      {
        name,
        ledger: this.ledger,
        subjects: () => [...this.subjects.values()],
        options: [...options, "--up", DOWNLOADER_RATE],
        folder,
        outside: disk?.outside ?? folder,
      },
      at,
    );
    this.downloads.set(name, part);
    await this.#cast(name, "downloader", lines, part, disk);
    this.actor(name).start();
  }

  async #startTab(): Promise<void> {
    const line = await this.#line("tab-to-hub", this.#ports.hub);
    // Its processes are the browser's affair: only its line and its turns are an actor's.
    const nothing: Part = { args: () => undefined, ended: () => true };
    await this.#cast(TAB.name, TAB.role, [line], nothing);
    const subjects = () => [...this.subjects.values()];
    this.tab = new ChaosTab({ ledger: this.ledger, folder: this.bed.folder, url: pageAt(line.port), subjects });
  }

  /** The lines of a peer and the options that make it use them. */
  async #reach(name: string, listens: boolean): Promise<{ lines: FaultyLine[]; options: string[] }> {
    const lines = [
      await this.#line(`${name}-to-hub`, this.#ports.hub),
      await this.#line(`${name}-to-relay`, this.#ports.relay),
    ];
    const options = lines.flatMap(({ port }) => ["--tracker", trackerAt(port)]);
    if (!listens) return { lines, options: [...options, "--no-listen"] };
    const port = await freePort();
    const inward = await this.#line(`to-${name}`, port);
    const endpoint = `ws://127.0.0.1:${inward.port}/peer`;
    return { lines: [...lines, inward], options: [...options, "--listen", String(port), "--endpoint", endpoint] };
  }

  async #cast(
    name: string,
    role: Role,
    lines: readonly FaultyLine[],
    part: Part,
    room?: number | SmallDisk,
  ): Promise<void> {
    const disk = typeof room === "number" ? await this.#disk(name, room) : room;
    this.actors.set(name, new Actor({ bed: this.bed, ledger: this.ledger, name, role, lines, disk }, part));
  }

  async #disk(name: string, mebibytes: number): Promise<SmallDisk | undefined> {
    await mkdir(this.bed.path("disks"), { recursive: true });
    if (!canMountDisks) {
      await mkdir(this.bed.path("disks", name));
      return undefined;
    }
    const disk = await SmallDisk.mount(this.bed.path("disks", name), mebibytes);
    this.#disks.push(disk);
    return disk;
  }

  /** The data folder of an actor as the actor itself sees it. */
  #seenBy(name: string): string {
    return this.bed.path("disks", name, "data");
  }

  async #line(name: string, port: number): Promise<FaultyLine> {
    const line = await FaultyLine.open(name, port);
    this.#lines.push(line);
    return line;
  }
}

function pageAt(port: number): string {
  return `http://127.0.0.1:${port}/`;
}

function trackerAt(port: number): string {
  return `ws://127.0.0.1:${port}/announce`;
}
