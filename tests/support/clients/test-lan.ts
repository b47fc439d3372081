import { mkdir, readFile, writeFile } from "node:fs/promises";
import { TestNetwork } from "../net-namespace.js";
import { ProcessBed, type EventOf, type ShoalProcess } from "../processes.js";
import { startAria2 } from "./aria2.js";
import { askUntil } from "./ask-until.js";
import { startLibtorrent } from "./libtorrent.js";
import type { Job, OrdinaryPeer } from "./ordinary-peer.js";
import { startTransmission } from "./transmission.js";
import { startWebTorrent } from "./webtorrent.js";

const START = {
  aria2c: startAria2,
  libtorrent: startLibtorrent,
  Transmission: startTransmission,
  WebTorrent: startWebTorrent,
};

/** An ordinary client that the tests run. */
export type ClientName = keyof typeof START;

/** Where aria2c and libtorrent listen. */
const PEER_PORT = 6881;

export interface JoinOptions extends Pick<Job, "encryption" | "bytesPerSecond"> {
  /** The hub cannot dial it, as behind a router: aria2c and libtorrent alone. */
  readonly isHidden?: boolean;
}

/** All of them. */
export const CLIENTS: readonly ClientName[] = ["aria2c", "libtorrent", "Transmission", "WebTorrent"];

/** A network with our hub on its first machine; every peer that joins has a machine of its own. */
export class TestLan {
  readonly bed: ProcessBed;
  readonly network: TestNetwork;
  readonly hub: EventOf<"serving">;
  readonly #peers: OrdinaryPeer[] = [];

  private constructor(bed: ProcessBed, network: TestNetwork, hub: EventOf<"serving">) {
    this.bed = bed;
    this.network = network;
    this.hub = hub;
  }

  /** `host`: where the hub listens on its machine; at the address that others reach if absent. */
  static async open(host?: string): Promise<TestLan> {
    const bed = await ProcessBed.open();
    const network = await TestNetwork.open(bed.path("gateway.sock"));
    const { address, under } = network.first;
    const serve = ["serve", "--host", host ?? address, "--port", "0", "--data", bed.path("hub")];
    return new TestLan(bed, network, await bed.run(serve, { under }).event("serving"));
  }

  /** The tracker's URL for ordinary clients. */
  get announce(): string {
    return this.hub.tracker.replace(/^ws/, "http");
  }

  /** Runs our command on a machine of its own. */
  async run(args: readonly string[]): Promise<ShoalProcess> {
    const { under } = await this.network.machine();
    return this.bed.run(args, { under });
  }

  /** Shares paths of the bed at the hub. */
  async upload(paths: readonly string[], ...options: string[]): Promise<ShoalProcess> {
    return await this.run(["upload", ...paths, "--tracker", this.hub.tracker, ...options]);
  }

  /** Gets `what`, a `.torrent` file or a magnet that names its trackers, with our command into a folder of the bed. */
  async download(what: string, folder: string, ...options: string[]): Promise<ShoalProcess> {
    return await this.run(["download", what, "-o", this.bed.path(folder), ...options]);
  }

  /** Starts an ordinary client with one share in a folder of the bed. */
  async join(
    client: ClientName,
    source: string,
    folder: string,
    { isHidden = false, ...options }: JoinOptions = {},
  ): Promise<OrdinaryPeer> {
    const machine = await this.network.machine(isHidden ? [PEER_PORT] : []);
    await mkdir(this.bed.path(folder), { recursive: true });
    const job = { source, folder: this.bed.path(folder), network: this.network, machine, ...options };
    const peer = await START[client](job);
    this.#peers.push(peer);
    return peer;
  }

  /** Writes the hub's `.torrent` file of a share into the bed; resolves to its path. */
  async torrentFile(infoHash: string): Promise<string> {
    const path = this.bed.path(`${infoHash}.torrent`);
    await writeFile(path, await this.#get(`api/torrents/${infoHash}.torrent`));
    return path;
  }

  /** Lists a `.torrent` file at the hub, which knows of the pieces of listed shares alone. */
  async publish(torrent: string): Promise<void> {
    const headers = { "content-type": "application/x-bittorrent" };
    const question = { method: "POST", headers, body: await readFile(torrent) };
    const { status, body } = await this.network.ask(new URL("api/torrents", this.hub.url).href, question);
    if (status >= 300) throw new Error(`${torrent} cannot be listed: ${status} ${body.toString()}`);
  }

  /** How many peers hold each piece, as far as the hub knows. */
  async holders(infoHash: string): Promise<readonly number[]> {
    const body = await this.#get(`api/torrents/${infoHash}/pieces`);
    return (JSON.parse(body.toString()) as { holders: readonly number[] }).holders;
  }

  /** Resolves when a client, the only seeder, holds everything and the hub's tracker knows it: who comes then is told. */
  async seeding(peer: OrdinaryPeer, infoHash: string): Promise<void> {
    await complete(peer);
    const query = infoHash.replaceAll(/../g, "%$&");
    let scraped = "";
    await askUntil(
      async () => {
        scraped = (await this.#get(`scrape?info_hash=${query}`)).toString("latin1");
        return scraped.includes("8:completei1e") ? true : undefined;
      },
      () => `${peer.client} is not known as a seeder (${scraped}):\n${peer.said}`,
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.kill()));
    // Before the network: what runs in it holds it.
    await this.bed.close();
    await this.network.close();
  }

  async #get(path: string): Promise<Buffer> {
    const { status, body } = await this.network.ask(new URL(path, this.hub.url).href);
    if (status !== 200) throw new Error(`${path}: ${status} ${body.toString()}`);
    return body;
  }
}

/** Resolves when a client holds every piece. */
export async function complete(peer: OrdinaryPeer): Promise<void> {
  let held: readonly boolean[] = [];
  await askUntil(
    async () => {
      held = await peer.held();
      return held.length > 0 && held.every(Boolean) ? true : undefined;
    },
    () => `${peer.client} holds ${held.filter(Boolean).length} of ${held.length} pieces:\n${peer.said}`,
  );
}
