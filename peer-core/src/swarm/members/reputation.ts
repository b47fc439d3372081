/** Bad data twice, and the peer is banned. */
const STRIKES = 2;
const MISTAKES_PER_STRIKE = 3;
const FIRST_BAN_MS = 10 * 60_000;
const LONGEST_BAN_MS = 24 * 60 * 60_000;
/** The only way to a share is worth another try soon. */
const ONLY_ROUTE_BAN_MS = 30_000;
/** Peers remembered: the oldest are forgotten first. */
const MAX_REMEMBERED = 10_000;

interface Standing {
  strikes: number;
  mistakes: number;
  bans: number;
  bannedUntil: number;
}

/**
 * Who has sent bad data, by peer id and by address. What a ban means, and that one of an address counts only while no good
 * peer shares it, is for the caller to know. Times in milliseconds of the runtime's clock.
 */
export class Reputation {
  readonly #records = new Map<string, Standing>();

  /** Counts bad data; returns true when it leads to a ban. `onlyRoute`: nobody else has what we lack. */
  strike(subject: string, now: number, onlyRoute: boolean): boolean {
    const record = this.#remember(subject);
    // Bad pieces are found out one by one: those that follow a ban were sent before it.
    if (record.bannedUntil > now || ++record.strikes < STRIKES) return false;
    record.strikes = 0;
    const banMs = Math.min(LONGEST_BAN_MS, FIRST_BAN_MS * 2 ** Math.min(record.bans++, 10));
    record.bannedUntil = now + (onlyRoute ? Math.min(banMs, ONLY_ROUTE_BAN_MS) : banMs);
    return true;
  }

  /** Counts a broken rule of the protocol, three of which weigh as much as bad data. */
  mistake(subject: string, now: number): void {
    const record = this.#remember(subject);
    if (++record.mistakes % MISTAKES_PER_STRIKE === 0) this.strike(subject, now, false);
  }

  /** When its ban ends; in the past for those never banned. */
  bannedUntil(subject: string): number {
    return this.#records.get(subject)?.bannedUntil ?? Number.NEGATIVE_INFINITY;
  }

  isBanned(subject: string, now: number): boolean {
    return this.bannedUntil(subject) > now;
  }

  #remember(subject: string): Standing {
    const record = this.#records.get(subject) ?? { strikes: 0, mistakes: 0, bans: 0, bannedUntil: 0 };
    this.#records.delete(subject);
    this.#records.set(subject, record);
    const oldest = this.#records.size > MAX_REMEMBERED ? this.#records.keys().next().value : undefined;
    if (oldest !== undefined) this.#records.delete(oldest);
    return record;
  }
}
