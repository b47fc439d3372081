import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { canMountDisks } from "../support/small-disk.js";
import { drawPlan, type Fault } from "./fault-plan.js";
import type { ChaosForm } from "./forms.js";
import { BRINGERS } from "./faults/fault-bringers.js";
import { expectNoLeaks } from "./leak-check.js";
import { Ledger } from "./ledger.js";
import { judge } from "./verdict.js";
import { TAB, VICTIMS, World } from "./world.js";

export interface ChaosOptions extends ChaosForm {
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface ChaosOutcome {
  readonly faults: number;
  readonly violations: readonly string[];
  readonly table: string;
  /** Where the processes' own words are; undefined when all went well. */
  readonly logs: string | undefined;
}

/** Some find nothing to break: so many more are drawn that enough hit. */
const DRAWN_PER_HIT = 1.6;

/** Plays one plan with real processes and judges what came of it. */
export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const { seed, faults, gapMs, lengthsMs } = options;
  const without = canMountDisks ? [] : (["disk-full"] as const);
  if (!canMountDisks) options.say("no small disks can be made here: none gets full");
  const victims = options.hasTab ? [...VICTIMS, TAB] : VICTIMS;
  const ledger = new Ledger(options.say);
  const world = await World.open(ledger, options.hasTab);
  try {
    const count = Math.ceil(faults * DRAWN_PER_HIT);
    await play(world, drawPlan({ seed, faults: count, gapMs, lengthsMs, victims, without }), faults);
    world.calm();
    await judge(world);
    await expectNoLeaks(world);
  } catch (error) {
    ledger.complain(`the run itself failed: ${error instanceof Error ? String(error.stack) : String(error)}`);
  }
  try {
    tellDownloads(world);
    const logs = ledger.violations.length === 0 ? undefined : await keepLogs(world, seed);
    return { faults: ledger.hits.length, violations: ledger.violations, table: ledger.table(), logs };
  } finally {
    await world.close();
  }
}

/** Brings the faults about until enough have hit; resolves when all of them are over. */
async function play(world: World, plan: readonly Fault[], wanted: number): Promise<void> {
  const { ledger } = world;
  const running = new Set<Promise<void>>();
  for (const fault of plan) {
    if (ledger.hits.length + running.size >= wanted) await Promise.race(running);
    if (ledger.hits.length >= wanted) break;
    await pause(fault.gapMs);
    const bringing = bring(world, fault).finally(() => running.delete(bringing));
    running.add(bringing);
  }
  await Promise.all(running);
}

async function bring(world: World, fault: Fault): Promise<void> {
  const { ledger } = world;
  const fromMs = Date.now();
  ledger.say(`${fault.kind} ${fault.victim} ${fault.lengthMs} ms`);
  ledger.underWay.set(fault, fromMs);
  try {
    const isHit = await BRINGERS[fault.kind]({ fault, world, actor: world.actor(fault.victim) });
    if (isHit) ledger.hits.push({ fault, span: { fromMs, toMs: Date.now() } });
    else ledger.misses.push(fault);
  } catch (error) {
    ledger.complain(`${fault.kind} of ${fault.victim} failed: ${String(error)}`);
  } finally {
    ledger.underWay.delete(fault);
  }
}

function tellDownloads({ downloads, tab, ledger }: World): void {
  if (tab) ledger.say(`tab: ${tab.completed} shares`);
  for (const [name, { completed, completedBytes, worstSurplus, totalSurplus }] of downloads) {
    ledger.say(
      `${name}: ${completed} shares, ${completedBytes} bytes; fetched in vain: ${totalSurplus}, ${worstSurplus} of them in one run`,
    );
  }
}

/** What every process said, in a folder that stays. */
async function keepLogs({ actors }: World, seed: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `shoal-chaos-${seed}-`));
  for (const { name, runs } of actors.values()) {
    await mkdir(join(folder, name));
    for (const [at, { process, fromMs }] of runs.entries()) {
      const events = process.events.map((event) => JSON.stringify(event)).join("\n");
      const file = join(folder, name, `${String(at).padStart(3, "0")}.log`);
      await writeFile(file, `${new Date(fromMs).toISOString()}\n${process.said}\n${events}\n`);
    }
  }
  return folder;
}
