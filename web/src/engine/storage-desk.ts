import type { Hasher, PieceStore } from "@shoal/peer-core";
import { equalBytes, parseInfo, type PieceIndex } from "@shoal/peer-core/torrent";
import { asDiskError } from "./disk-error.js";
import type { KeptShare, KeptStore, StoragePlace } from "./kept-store.js";
import type { StorageCommand, StorageOutcome, ToldShare } from "./storage-messages.js";

/** Pieces hashed at once: a browser has a copy of each meanwhile, and writing keeps this thread busy enough beside two. */
const HASHED_AT_ONCE = 2;

type Of<Type extends StorageCommand["type"]> = Extract<StorageCommand, { type: Type }>;

/** Carries out what an engine in another thread asks of its storage. */
export class StorageDesk {
  readonly #place: StoragePlace;
  readonly #hasher: Hasher;
  readonly #stores = new Map<number, KeptStore>();
  readonly #hashing = new Set<Promise<unknown>>();

  constructor(place: StoragePlace, hasher: Hasher) {
    this.#place = place;
    this.#hasher = hasher;
  }

  /** Resolves to what is to be answered; never rejects. */
  async take(command: StorageCommand): Promise<StorageOutcome> {
    try {
      return await this.#carryOut(command);
    } catch (error) {
      const { code, message } = asDiskError(error);
      return { kind: "failed", code, message, data: memoryOf(command) };
    }
  }

  async #carryOut(command: StorageCommand): Promise<StorageOutcome> {
    switch (command.type) {
      case "open":
        return await this.#open(command);
      case "forget-border":
        await this.#place.forgetBorder(await this.#share(command.share));
        return { kind: "done" };
      case "discard":
        await this.#place.discard(command.infoHash);
        return { kind: "done" };
      case "write-if-matching":
        return await this.#writeIfMatching(command);
      case "read":
        await this.#store(command).read(command.piece as PieceIndex, command.begin, command.into);
        return { kind: "read", data: command.into };
      case "blob":
        return { kind: "blob", blob: await this.#store(command).blobOf(command.file) };
      case "close":
        return await this.#close(command);
      default:
        await change(this.#store(command), command);
        return { kind: "done" };
    }
  }

  async #open({ store, share }: Of<"open">): Promise<StorageOutcome> {
    const opened = await this.#place.open(await this.#share(share));
    this.#stores.set(store, opened);
    return { kind: "opened", present: opened.present() };
  }

  async #writeIfMatching(command: Of<"write-if-matching">): Promise<StorageOutcome> {
    const { piece, data, sha1 } = command;
    const isMatch = equalBytes(await this.#hash(data), sha1);
    if (isMatch) await this.#store(command).write(piece as PieceIndex, data);
    return { kind: "judged", isMatch, data };
  }

  async #hash(data: Uint8Array): Promise<Uint8Array> {
    while (this.#hashing.size >= HASHED_AT_ONCE) await Promise.race(this.#hashing);
    const hashing = this.#hasher.sha1(data).finally(() => this.#hashing.delete(hashing));
    this.#hashing.add(hashing);
    return await hashing;
  }

  async #close(command: Of<"close">): Promise<StorageOutcome> {
    const store = this.#store(command);
    this.#stores.delete(command.store);
    await store.close();
    return { kind: "done" };
  }

  async #share({ infoBytes, kept, sealed }: ToldShare): Promise<KeptShare> {
    return { metainfo: await parseInfo(infoBytes, this.#hasher), kept, sealed: new Set(sealed) };
  }

  #store({ store }: { readonly store: number }): KeptStore {
    const known = this.#stores.get(store);
    if (known === undefined) throw new Error(`There is no store ${store}`);
    return known;
  }
}

async function change(store: PieceStore, command: Of<"write" | "remove" | "flush">): Promise<void> {
  if (command.type === "write") await store.write(command.piece as PieceIndex, command.data);
  else if (command.type === "remove") await store.remove(command.piece as PieceIndex);
  else await store.flush();
}

/** What the engine gets back whatever happens. */
function memoryOf(command: StorageCommand): Uint8Array<ArrayBuffer> | undefined {
  if (command.type === "write-if-matching") return command.data;
  return command.type === "read" ? command.into : undefined;
}
