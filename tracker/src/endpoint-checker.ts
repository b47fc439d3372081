import { KeyedAllowance } from "./allowance.js";
import type { AddressScope, ClientAddress } from "./address.js";
import { canonicalIp, scopeOf } from "./address.js";
import type { CheckTarget } from "./endpoint-target.js";
import { checkTarget, mayAnnounce, permittedAddress } from "./endpoint-target.js";
import type { EndpointDialer } from "./endpoint-dialer.js";
import {
  CHECK_BAD_MS,
  CHECK_BURST_PER_HOST,
  CHECK_GOOD_MS,
  CHECKS_PER_SECOND_PER_HOST,
  MAX_ADDRESSES_REMEMBERED,
  MAX_CHECKS,
  MAX_CHECKS_REMEMBERED,
} from "./limits.js";
import type { Dialable } from "./registered-peer.js";

/** How far a checked endpoint reaches; undefined when it is not to be told to anybody. */
export type CheckResult = AddressScope | undefined;

interface Known {
  readonly result: CheckResult;
  readonly until: number;
}

/**
 * Dials endpoints once before others are told of them, so that nobody can send a swarm's peers to a third party. Answers
 * are remembered for a while and shared by whoever asks for the same; dials are capped in all and per host.
 */
export class EndpointChecker {
  readonly #dialer: EndpointDialer;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #running = new Map<string, ((result: CheckResult) => void)[]>();
  readonly #perHost = new KeyedAllowance(
    { burst: CHECK_BURST_PER_HOST, period: 1000 / CHECKS_PER_SECOND_PER_HOST },
    MAX_ADDRESSES_REMEMBERED,
  );

  /** `now` in milliseconds. */
  constructor(dialer: EndpointDialer, now: () => number) {
    this.#dialer = dialer;
    this.#now = now;
  }

  /**
   * Tells `done` the result: at once when it is remembered, later when it has to be found out, not at all when there are
   * too many checks under way (the next announce asks again).
   */
  check(dialable: Dialable, announcer: ClientAddress, done: (result: CheckResult) => void): void {
    const target = checkTarget(dialable, announcer);
    // Who announced decides what is permitted, so results are not shared between the inside and the outside.
    const key = `${announcer.scope === "public" ? "p" : "l"} ${target.key}`;
    const known = this.#known.get(key);
    if (known !== undefined && known.until > this.#now()) {
      done(known.result);
      return;
    }
    const waiting = this.#running.get(key);
    if (waiting !== undefined) return void waiting.push(done);
    if (this.#running.size >= MAX_CHECKS || !this.#mayDial(target)) return;
    this.#running.set(key, [done]);
    void this.#dial(target, announcer.scope).then((result) => this.#settle(key, result));
  }

  #mayDial(target: CheckTarget): boolean {
    const host = target.kind === "tcp" ? target.ip : target.host;
    const ip = canonicalIp(host);
    // Our own machine needs no protection from us, and tests and simulations run there by the hundred.
    if (ip !== undefined && scopeOf(ip) === "loopback") return true;
    return this.#perHost.take(host, this.#now());
  }

  async #dial(target: CheckTarget, announcer: AddressScope): Promise<CheckResult> {
    try {
      if (target.kind === "tcp") {
        const scope = scopeOf(target.ip);
        if (scope === undefined || !mayAnnounce(scope, announcer)) return undefined;
        return (await this.#dialer.canConnect(target.ip, target.port)) ? scope : undefined;
      }
      const permitted = permittedAddress(await this.#dialer.resolve(target.host), announcer);
      if (permitted === undefined) return undefined;
      return (await this.#dialer.canUpgrade(target.url, permitted.ip)) ? permitted.scope : undefined;
    } catch {
      return undefined;
    }
  }

  #settle(key: string, result: CheckResult): void {
    const waiting = this.#running.get(key) ?? [];
    this.#running.delete(key);
    this.#known.delete(key);
    this.#known.set(key, { result, until: this.#now() + (result === undefined ? CHECK_BAD_MS : CHECK_GOOD_MS) });
    for (const [oldest] of this.#known) {
      if (this.#known.size <= MAX_CHECKS_REMEMBERED) break;
      this.#known.delete(oldest);
    }
    for (const done of waiting) done(result);
  }
}
