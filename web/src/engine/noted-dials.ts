import type { Dialer } from "@shoal/peer-core";
import { isShoalError, messageOf } from "@shoal/peer-core/torrent";

/** How the last attempt to reach an address ended. */
export interface NotedDial {
  readonly address: string;
  readonly isOpen: boolean;
  readonly answer: string;
  /** As Date.now() has it. */
  readonly atMs: number;
}

/** The addresses tried last, of all shares together. */
const MAX_NOTED = 256;

/** A dialer that remembers what came of each address, so that a person can be told what was tried. */
export class NotedDials implements Dialer {
  readonly #dialer: Dialer;
  readonly #noted = new Map<string, NotedDial>();

  constructor(dialer: Dialer) {
    this.#dialer = dialer;
  }

  canDial(address: string): boolean {
    return this.#dialer.canDial(address);
  }

  async dial(address: string, signal: AbortSignal): ReturnType<Dialer["dial"]> {
    try {
      const connection = await this.#dialer.dial(address, signal);
      this.#note(address, true, "connected");
      return connection;
    } catch (error) {
      if (!isShoalError(error, "aborted")) this.#note(address, false, messageOf(error));
      throw error;
    }
  }

  of(address: string): NotedDial | undefined {
    return this.#noted.get(address);
  }

  #note(address: string, isOpen: boolean, answer: string): void {
    this.#noted.delete(address);
    this.#noted.set(address, { address, isOpen, answer, atMs: Date.now() });
    if (this.#noted.size <= MAX_NOTED) return;
    for (const oldest of this.#noted.keys()) {
      this.#noted.delete(oldest);
      return;
    }
  }
}
