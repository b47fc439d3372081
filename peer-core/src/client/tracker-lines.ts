import type { TrackerChannel } from "../ports/tracker-channel.js";

/** One line to each tracker, however many shares use it; it is closed when the last one lets go. */
export class TrackerLines {
  readonly #open: (url: string) => TrackerChannel | undefined;
  readonly #lines = new Map<string, { readonly channel: TrackerChannel; users: number }>();
  readonly #closing = new Set<Promise<void>>();

  constructor(open: (url: string) => TrackerChannel | undefined) {
    this.#open = open;
  }

  use(url: string): TrackerChannel | undefined {
    const line = this.#lines.get(url);
    if (line !== undefined) {
      line.users++;
      return line.channel;
    }
    const channel = this.#open(url);
    if (channel !== undefined) this.#lines.set(url, { channel, users: 1 });
    return channel;
  }

  release(url: string): void {
    const line = this.#lines.get(url);
    if (line === undefined || --line.users > 0) return;
    this.#lines.delete(url);
    const closing = line.channel
      .close()
      .catch(() => undefined)
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** Resolves once every line let go so far is closed. */
  async closed(): Promise<void> {
    await Promise.allSettled([...this.#closing]);
  }
}
