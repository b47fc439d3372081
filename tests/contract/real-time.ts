import { setImmediate as turn } from "node:timers/promises";

const LIMIT_MS = 20_000;

/** Enough turns of the event loop for everything to happen that loopback sockets of one process have under way. */
const QUIET_TURNS = 100;

/** Lets the event loop turn until `holds` does; throws after 20 s. */
export async function untilReal(holds: () => boolean): Promise<void> {
  const limit = performance.now() + LIMIT_MS;
  while (!holds()) {
    if (performance.now() > limit) throw new Error(`It did not happen within ${LIMIT_MS / 1000} s`);
    await turn();
  }
}

/** Lets the event loop turn until what is under way between sockets of this process has arrived. */
export async function quietReal(): Promise<void> {
  for (let i = 0; i < QUIET_TURNS; i++) await turn();
}
