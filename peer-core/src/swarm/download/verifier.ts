import { equalBytes } from "../../base/bytes.js";
import type { PieceStore } from "../../ports/piece-store.js";
import type { Hasher } from "../../ports/runtime.js";
import { pieceHash, type Metainfo } from "../../torrent/metainfo.js";
import type { PieceAssembly } from "./piece-assembly.js";

export type Verdict =
  | { readonly kind: "stored" }
  | { readonly kind: "mismatch" }
  /** The owner stopped while it was hashed: nothing was stored. */
  | { readonly kind: "stopped" }
  /** The hash is right and storage refused. */
  | { readonly kind: "store-failed"; readonly error: unknown };

/** Hashes whole pieces and stores what is right. Several run at once; hashing happens off this thread. */
export class Verifier {
  readonly #metainfo: Metainfo;
  readonly #store: PieceStore;
  readonly #hasher: Hasher;

  constructor(metainfo: Metainfo, store: PieceStore, hasher: Hasher) {
    this.#metainfo = metainfo;
    this.#store = store;
    this.#hasher = hasher;
  }

  async verify(assembly: PieceAssembly, isStopped: () => boolean): Promise<Verdict> {
    if (this.#store.writeIfMatching !== undefined) return await this.#verifyInStore(assembly);
    const digest = await this.#hasher.sha1(assembly.bytes);
    if (isStopped()) return { kind: "stopped" };
    if (!equalBytes(digest, pieceHash(this.#metainfo, assembly.piece))) return { kind: "mismatch" };
    try {
      await this.#store.write(assembly.piece, assembly.bytes);
      return { kind: "stored" };
    } catch (error) {
      return { kind: "store-failed", error };
    }
  }

  async #verifyInStore(assembly: PieceAssembly): Promise<Verdict> {
    const { piece, bytes } = assembly;
    const sha1 = pieceHash(this.#metainfo, piece);
    try {
      const isStored = await this.#store.writeIfMatching?.(piece, bytes, sha1, (moved) => assembly.move(moved));
      return { kind: isStored === true ? "stored" : "mismatch" };
    } catch (error) {
      return { kind: "store-failed", error };
    }
  }
}
