import { setTimeout as pause } from "node:timers/promises";
import { acknowledgedIn } from "./publisher.js";
import type { DeadLink } from "./faulty-line.js";
import type { World } from "./world.js";

/** Everything is well again by then: what is left of each file takes seconds, reconnecting a minute at most. */
const FINISH_MS = 180_000;
/** What the standard of this product says, and as long as a timer may be late here. */
const DEAD_LINK_MS = 60_000;
const LATE_MS = 5_000;
/** A browser's socket outlives the page's `close` by this, while it waits for the other side's (Chromium). */
const BROWSER_CLOSING_MS = 60_000;
const LOOK_MS = 250;

/** What all processes are to have come to after the faults; violations go to the ledger. */
export async function judge(world: World): Promise<void> {
  await expectFinished(world);
  await expectDeadLinksGone(world);
  await expectAcknowledged(world);
  await expectQuietLogs(world);
}

/** Everybody who gets something now gets all of it. */
async function expectFinished(world: World): Promise<void> {
  const downloads = [...world.downloads];
  const { tab } = world;
  for (const [, part] of downloads) part.isLast = true;
  if (tab) tab.isLast = true;
  const isOver = () => downloads.every(([, part]) => part.isOver) && tab?.isOver !== false;
  const over = await until(isOver, FINISH_MS);
  if (tab?.isOver === false)
    world.ledger.complain(`the tab did not finish in ${FINISH_MS / 1000} s of calm, ${await tab.describe()}`);
  for (const [name, part] of downloads) {
    if (!over && !part.isOver) world.ledger.complain(`${name} did not finish in ${FINISH_MS / 1000} s of calm`);
    await part.checked();
  }
}

/** Links that carry nothing are given up by both ends within a minute of the time in which they could notice. */
async function expectDeadLinksGone({ lines, ledger }: World): Promise<void> {
  const dead = lines.flatMap((line) => line.dead);
  // A browser keeps idle connections of its own for minutes: of those only the hub's ends are ours.
  for (const link of dead)
    if (link.line.startsWith("tab-"))
      link.nearGoneMs = Math.max(link.sinceMs, (link.nearGoneMs ?? link.sinceMs) - BROWSER_CLOSING_MS);
  const isGone = (link: DeadLink) => link.nearGoneMs !== undefined && link.farGoneMs !== undefined;
  const isTooLate = (link: DeadLink) => lifeOf(link, Date.now()) - stopped(link) > DEAD_LINK_MS + LATE_MS;
  const stopped = ({ sinceMs }: DeadLink) => ledger.stoppedMsDuring({ fromMs: sinceMs, toMs: Date.now() });
  await until(() => dead.every((link) => isGone(link) || isTooLate(link)), 2 * DEAD_LINK_MS + FINISH_MS);
  for (const link of dead) {
    const lifeMs = lifeOf(link, Date.now());
    const toMs = link.sinceMs + lifeMs;
    const noticedMs = lifeMs - ledger.stoppedMsDuring({ fromMs: link.sinceMs, toMs });
    if (!isGone(link) || noticedMs > DEAD_LINK_MS + LATE_MS) {
      const ends = [link.nearGoneMs, link.farGoneMs].map((goneMs) =>
        goneMs === undefined ? "never" : `${goneMs - link.sinceMs} ms`,
      );
      const since = new Date(link.sinceMs).toISOString();
      ledger.complain(
        `a link over ${link.line} that had lost ${link.lost} at ${since} was given up after ${ends.join(" and ")}`,
      );
    }
  }
}

function lifeOf({ sinceMs, nearGoneMs, farGoneMs }: DeadLink, nowMs: number): number {
  return Math.max(nearGoneMs ?? nowMs, farGoneMs ?? nowMs) - sinceMs;
}

/** What the hub has acknowledged it still has, however often it was killed since. */
async function expectAcknowledged(world: World): Promise<void> {
  const known = [...acknowledgedIn(world), ...world.subjects.keys()];
  for (const infoHash of known) {
    const { status } = await fetch(new URL(`api/torrents/${infoHash}.torrent`, world.url("hub")));
    if (status !== 200) world.ledger.complain(`the hub has lost ${infoHash}, which it had acknowledged (${status})`);
  }
  world.ledger.say(`the hub still has all ${known.length} shares that it acknowledged`);
}

/** Nobody ever said what only a fault of the program says. */
function expectQuietLogs({ actors, ledger }: World): Promise<void> {
  for (const { name, runs } of actors.values()) {
    for (const { process } of runs) {
      const trouble = /^.*(Unhandled|TypeError|RangeError|Invariant|invariant|\n\s+at .*:\d+:\d+|not JSON).*$/m.exec(
        process.said,
      );
      if (trouble) ledger.complain(`${name} said: ${process.said}`);
    }
  }
  return Promise.resolve();
}

async function until(condition: () => boolean, limitMs: number): Promise<boolean> {
  const from = performance.now();
  while (!condition()) {
    if (performance.now() - from > limitMs) return false;
    await pause(LOOK_MS);
  }
  return true;
}
