import { Client } from "@shoal/peer-core";
import {
  isShoalError,
  messageOf,
  parseInfo,
  parseShareLink,
  type InfoHash,
  type ShareLink,
} from "@shoal/peer-core/torrent";
import type { EngineWorld } from "./browser-world.js";
import { GetTask } from "./get-task.js";
import { HubCatalogue } from "./hub-catalogue.js";
import { HubReach } from "./hub-line.js";
import type { EngineCommand, EngineEvent, EngineState } from "./messages.js";
import { NotedDials } from "./noted-dials.js";
import type { Remembered } from "./remembered-work.js";
import { saveAsBlob, saveTo } from "./save-files.js";
import { Searches } from "./searches.js";
import { ShareTask, type ShareCommand } from "./share-task.js";
import { StateTeller } from "./state-teller.js";
import { storageRoom } from "./storage-room.js";
import { bareLink, type TaskContext } from "./task-context.js";
import { troubleOf } from "./trouble.js";

/** Told to peers. */
const CLIENT_NAME = "Shoal tab";

/** A tab's share of the machine: half the memory of a Node peer for pieces under way, and few links. */
const MAX_UNVERIFIED_BYTES = 16 * 1024 * 1024;
const SEND_BUFFERS_BYTES = 16 * 1024 * 1024;
const MAX_CONNECTIONS = 48;

/** How often what changes by itself elsewhere is asked for: who is in a swarm, whether the hub is back, storage. */
const ASK_MS = 10_000;

type SaveCommand = Extract<EngineCommand, { type: "save" | "save-to" }>;

/** The peer of a page: carries out its commands and tells it how things stand. */
export class Engine {
  readonly #world: EngineWorld;
  readonly #tell: (event: EngineEvent) => void;
  readonly #reach = new HubReach();
  readonly #teller = new StateTeller(() => this.#tellState());
  readonly #shares = new Map<string, ShareTask>();
  readonly #gets = new Map<string, GetTask>();
  #context: TaskContext | undefined;
  #storage: EngineState["storage"];

  constructor(world: EngineWorld, tell: (event: EngineEvent) => void) {
    this.#world = world;
    this.#tell = tell;
  }

  /** Carries out a command, or begins to. Never throws: what goes wrong is told. */
  handle(command: EngineCommand): void {
    try {
      if (command.type === "start") this.#start(command.base);
      else if (this.#context === undefined) throw new Error(`Expected start first, not ${command.type}`);
      else this.#carryOut(command, this.#context);
    } catch (error) {
      this.#tell({ type: "broken", message: messageOf(error) });
    }
  }

  #start(base: string): void {
    const { runtime, openTracker } = this.#world;
    const dials = new NotedDials(this.#world.dialer);
    const socketBase = base.replace(/^http/, "ws");
    const onAnswer = (isReachable: boolean): void => this.#onHub(isReachable);
    const context: TaskContext = {
      world: this.#world,
      client: new Client({
        runtime,
        dialer: dials,
        openTracker,
        clientName: CLIENT_NAME,
        maxConnections: MAX_CONNECTIONS,
        unverifiedBytes: MAX_UNVERIFIED_BYTES,
        sendBuffersBytes: SEND_BUFFERS_BYTES,
      }),
      base,
      catalogue: new HubCatalogue(base, runtime.hasher, onAnswer),
      tracker: new URL("announce", socketBase).href,
      relays: [new URL("peer", socketBase).href],
      dials,
      searches: new Searches(),
      onChange: (isAtOnce) => (isAtOnce ? this.#teller.atOnce() : this.#teller.soon()),
    };
    this.#context = context;
    void this.#recall(context);
    this.#ask(context);
    this.#teller.atOnce();
  }

  #carryOut(command: Exclude<EngineCommand, { type: "start" }>, context: TaskContext): void {
    switch (command.type) {
      case "share":
        this.#share(command, context);
        break;
      case "refile":
        void this.#shareOf(command.infoHash)?.refile(command.files);
        break;
      case "stop-sharing":
        void this.#shares.get(command.id)?.stop();
        this.#shares.delete(command.id);
        break;
      case "look":
        this.#look(command.link, context);
        break;
      case "look-away":
        this.#lookAway(command.infoHash);
        break;
      case "get":
        void this.#gets.get(command.infoHash)?.get(command.select);
        break;
      case "pause":
        void this.#gets.get(command.infoHash)?.pause();
        break;
      case "resume":
        void this.#gets.get(command.infoHash)?.resume();
        break;
      case "discard":
        void this.#gets.get(command.infoHash)?.discard();
        this.#gets.delete(command.infoHash);
        break;
      case "stop-helping":
        void this.#gets.get(command.infoHash)?.stopHelping();
        break;
      case "save":
      case "save-to":
        void this.#save(command);
        break;
      case "watch":
        this.#watch(command.infoHash, command.isWatched);
        break;
    }
    this.#teller.atOnce();
  }

  #share(command: ShareCommand, context: TaskContext): void {
    if (this.#shares.has(command.id)) return;
    const replace = (infoHash: InfoHash): string | undefined => {
      const before = this.#shareOf(infoHash);
      if (before === undefined || before.isActive) return undefined;
      this.#shares.delete(before.id);
      return before.ownerToken;
    };
    this.#shares.set(command.id, ShareTask.begin(command, context, replace));
  }

  #shareOf(infoHash: string): ShareTask | undefined {
    return [...this.#shares.values()].find((share) => share.infoHash === infoHash);
  }

  /** A link that cannot be read is the page's to explain, which has read it, too. */
  #look(text: string, context: TaskContext): void {
    const link = readLink(text);
    if (link === undefined || this.#gets.has(link.infoHash)) return;
    const task = new GetTask(link, text, context);
    this.#gets.set(link.infoHash, task);
    void task.look();
  }

  #lookAway(infoHash: string): void {
    const task = this.#gets.get(infoHash);
    if (task === undefined || task.isBegun) return;
    this.#gets.delete(infoHash);
    void task.forget();
  }

  #watch(infoHash: string, isWatched: boolean): void {
    const get = this.#gets.get(infoHash);
    if (get !== undefined) get.isWatched = isWatched;
    const share = this.#shareOf(infoHash);
    if (share !== undefined) share.isWatched = isWatched;
  }

  async #save(command: SaveCommand): Promise<void> {
    const { request, infoHash } = command;
    try {
      const task = this.#gets.get(infoHash);
      if (task === undefined) throw new Error(`Nothing of ${infoHash} is here`);
      if (command.type === "save") {
        const { name, blob } = await task.withStore(saveAsBlob);
        this.#tell({ type: "saved", request, name, blob });
      } else {
        const name = await task.withStore((options) => saveTo(command.target, options));
        this.#tell({ type: "saved", request, name });
      }
    } catch (error) {
      this.#tell({ type: "save-failed", request, trouble: troubleOf(error) });
    }
  }

  /** Takes up what was begun before a reload. What cannot be read any more is forgotten. */
  async #recall(context: TaskContext): Promise<void> {
    try {
      for (const record of await this.#world.remembered.all()) await this.#recallOne(record, context);
    } catch (error) {
      this.#tell({ type: "broken", message: `What was begun before cannot be read: ${messageOf(error)}` });
    }
    this.#teller.atOnce();
  }

  async #recallOne(record: Remembered, context: TaskContext): Promise<void> {
    try {
      const metainfo = await parseInfo(record.infoBytes, this.#world.runtime.hasher);
      if (record.kind === "share") {
        if (!this.#shares.has(record.id)) {
          this.#shares.set(record.id, ShareTask.recall(record, metainfo, context));
        }
        return;
      }
      // Opened by its link meanwhile: what is known from before is more.
      const opened = this.#gets.get(metainfo.infoHash);
      void opened?.forget();
      const task = new GetTask(readLink(record.link) ?? bareLink(metainfo.infoHash), record.link, context);
      task.isWatched = opened?.isWatched ?? false;
      this.#gets.set(metainfo.infoHash, task);
      void task.recall(record, metainfo);
    } catch (error) {
      if (!isShoalError(error)) throw error;
      await this.#world.remembered.forget(record.kind, record.infoHash);
    }
  }

  /** Asks now and then for what nobody tells. */
  #ask(context: TaskContext): void {
    context.catalogue.knock(AbortSignal.timeout(ASK_MS)).catch(() => undefined);
    for (const task of this.#gets.values()) void task.askPresence();
    void storageRoom().then((room) => (this.#storage = room));
    setTimeout(() => this.#ask(context), ASK_MS);
  }

  #onHub(isReachable: boolean): void {
    if (this.#reach.note(isReachable, Date.now())) this.#teller.atOnce();
  }

  #tellState(): void {
    const tasks = [...this.#gets.values(), ...this.#shares.values()];
    if (tasks.some(({ isActive }) => isActive)) this.#teller.soon();
    this.#tell({
      type: "state",
      state: {
        shares: Array.from(this.#shares.values(), (task) => task.item()),
        gets: Array.from(this.#gets.values(), (task) => task.item()),
        abilities: this.#world.abilities,
        hub: this.#reach.line,
        storage: this.#storage,
      },
    });
  }
}

/** Undefined for what is no link. */
function readLink(text: string): ShareLink | undefined {
  try {
    return parseShareLink(text);
  } catch {
    return undefined;
  }
}
