import { setTimeout as pause } from "node:timers/promises";
import type { FaultyLine } from "../faulty-line.js";
import { CALM, type LineMood } from "../line-mood.js";
import type { Bring, Scene } from "./scene.js";

/** The most that is lost on a bad line: TCP hardly carries anything beyond it. */
const MOST_LOSS = 0.3;
const MOST_DELAY_MS = 400;

/** All links end, and nobody comes through for a while. */
export const cut: Bring = async (scene) => {
  const ended = sum(linesOf(scene), (line) => line.cut("end"));
  await moody(scene, { refusing: true });
  return ended > 0;
};

export const reset: Bring = (scene) => Promise.resolve(sum(linesOf(scene), (line) => line.cut("reset")) > 0);

/** Nothing passes for a while, as when every packet is dropped; then all of it. */
export const hold: Bring = (scene) => moody(scene, { held: true });

/** The links there are never carry anything again, and nobody is told. */
export const halfOpen: Bring = (scene) => Promise.resolve(sum(linesOf(scene), (line) => line.lose("both")) > 0);

export const oneWay: Bring = (scene) => {
  const way = Math.floor(scene.fault.detail * 1000) % 2 === 0 ? "there" : "back";
  return Promise.resolve(sum(linesOf(scene), (line) => line.lose(way)) > 0);
};

export const latency: Bring = (scene) => moody(scene, { delayMs: 50 + MOST_DELAY_MS * scene.fault.detail });

export const loss: Bring = (scene) => moody(scene, { loss: 0.05 + MOST_LOSS * scene.fault.detail });

async function moody(scene: Scene, change: Partial<LineMood>): Promise<boolean> {
  const lines = linesOf(scene);
  for (const line of lines) {
    Object.assign(line.mood, change);
    line.refresh();
  }
  await pause(scene.fault.lengthMs);
  for (const line of lines) {
    for (const name of Object.keys(change)) Object.assign(line.mood, { [name]: CALM[name as keyof LineMood] });
    line.refresh();
  }
  return sum(lines, (line) => line.openLinks) > 0 || change.refusing === true;
}

/** One of the victim's lines, or all of them at once. */
function linesOf({ actor, fault }: Scene): readonly FaultyLine[] {
  const at = Math.floor(fault.detail * (actor.lines.length + 1));
  const line = actor.lines[at];
  return line === undefined ? actor.lines : [line];
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
