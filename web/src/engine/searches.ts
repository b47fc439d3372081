import type { InfoHash } from "@shoal/peer-core/torrent";

/**
 * Searches among peers for what a link leads to: while one is in the client, its share cannot be added to it again. Who
 * looks away and back, or reloads the page of a share, comes before the last search has left.
 */
export class Searches {
  readonly #ends = new Map<InfoHash, Promise<void>>();

  /** Notes a search that is in the client until `search` settles; at most one of a share at a time. */
  note(infoHash: InfoHash, search: Promise<unknown>): void {
    const end = search.then(
      () => undefined,
      () => undefined,
    );
    this.#ends.set(infoHash, end);
    void end.then(() => this.#ends.get(infoHash) === end && this.#ends.delete(infoHash));
  }

  /** Resolves once no search for the share is in the client. Never rejects. */
  async ended(infoHash: InfoHash): Promise<void> {
    await this.#ends.get(infoHash);
  }
}
