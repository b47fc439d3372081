import { seededRandom } from "@shoal/peer-core/testing";
import { Disasters } from "./disasters.js";
import { checkAlways, checkCalm, checkGone, checkTrackers } from "./invariants.js";
import type { Machine } from "./machine.js";
import { calmAt, type Scenario } from "./scenario.js";
import { Stage } from "./stage.js";
import { checkReports, TrackerKnowledge } from "./tracker-knowledge.js";
import { whatEachCanGet } from "./who-can-finish.js";
import { World } from "./world.js";

/** What must hold at any moment is looked at at random ones, so far apart at most. */
const LOOK_WITHIN_MS = 4_000;
/**
 * Whoever can finish does within this time of calm: a ban of ten minutes may have to end, then a wait of five minutes
 * between dials, and an announce two minutes later.
 */
const FINISH_MS = 20 * 60_000;
/** Whoever is saying goodbye when all is calm has gone by then, and may have come back. */
const GOODBYES_MS = 60_000;
/** After the last has finished: what is under way comes to its end. */
const REST_MS = 6_000;
/** Links that nobody answers any more, and their timers, are gone by then. */
const AFTERMATH_MS = 180_000;

export interface Outcome {
  /** What was wrong; empty when all was well. */
  readonly violations: readonly string[];
  /** SHA-256 over all events with their times. */
  readonly trace: string;
  /** From the calm to when the last that could had finished. */
  readonly finishMs: number;
  /** Peers that had to finish. */
  readonly finishers: number;
  readonly timersRun: number;
}

/** Runs a scenario to its end; `story` hears every event, a line each. */
export async function runScenario(scenario: Scenario, story?: (line: string) => void): Promise<Outcome> {
  const world = new World(await Stage.create(scenario, story));
  let finishMs = 0;
  let finishers = 0;
  try {
    begin(world);
    await world.stage.clock.advance(calmAt(scenario));
    world.stage.isCalm = true;
    await world.stage.clock.runUntil(
      () => ![...world.machines.values()].some(({ isLeaving }) => isLeaving),
      GOODBYES_MS,
    );
    const canGet = whatEachCanGet(world);
    finishers = [...canGet.values()].filter(({ size }) => size === scenario.pieceCount).length;
    const calm = world.stage.clock.now();
    await finish(world, canGet);
    finishMs = world.stage.clock.now() - calm;
    await world.stage.clock.advance(REST_MS);
    checkCalm(world);
    await checkReports(world);
    await end(world);
  } catch (error) {
    world.stage.fail(`broke down: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  const { violations, clock } = world.stage;
  world.stage.note("end", `${clock.timersRun} timers`);
  return {
    violations,
    trace: world.stage.traceHash(),
    finishMs,
    finishers,
    timersRun: clock.timersRun,
  };
}

function begin(world: World): void {
  const { machines, stage } = world;
  const { scenario, clock } = stage;
  for (const { name } of scenario.relays) machines.get(name)?.start();
  for (const { name, joinMs } of scenario.peers) clock.schedule(joinMs, () => machines.get(name)?.start());
  new Disasters(world);
  const knowledge = new TrackerKnowledge(world);
  // Its own choices: what is looked at does not change what happens.
  const random = seededRandom(scenario.seed);
  const look = (): void => {
    checkAlways(world);
    knowledge.look();
    if (world.stage.isLooking) clock.schedule(random.float() * LOOK_WITHIN_MS, look);
  };
  clock.schedule(random.float() * LOOK_WITHIN_MS, look);
}

async function finish(world: World, canGet: ReadonlyMap<Machine, ReadonlySet<number>>): Promise<void> {
  const { pieceCount } = world.stage.scenario;
  const isOver = ([machine, pieces]: readonly [Machine, ReadonlySet<number>]): boolean =>
    pieces.size === pieceCount ? isSeeding(machine) : holdsAll(machine, pieces);
  const goals = [...canGet];
  // It is asked before every timer, so one is looked at until that has finished; all must have at the same time.
  let waiting = goals[0];
  const isDone = (): boolean => {
    if (waiting !== undefined && !isOver(waiting)) return false;
    waiting = goals.find((goal) => !isOver(goal));
    return waiting === undefined;
  };
  await world.stage.clock.runUntil(isDone, FINISH_MS);
  for (const goal of goals) {
    if (isOver(goal)) continue;
    const [machine, pieces] = goal;
    const held = machine.process?.session?.swarm.content?.table.have.count ?? 0;
    const what = pieces.size === pieceCount ? "finish" : `get ${[...pieces].join(",")}`;
    world.stage.fail(`${machine.name} could ${what}, and has ${held} of ${pieceCount} pieces`);
  }
}

function isSeeding({ process }: Machine): boolean {
  return process?.session?.swarm.state === "seeding";
}

function holdsAll({ process }: Machine, pieces: ReadonlySet<number>): boolean {
  const have = process?.session?.swarm.content?.table.have;
  return [...pieces].every((piece) => have?.has(piece) === true);
}

async function end(world: World): Promise<void> {
  world.stage.isLooking = false;
  await world.stage.clock.settle(Promise.all([...world.machines.values()].map((machine) => machine.leave())));
  for (const machine of world.machines.values()) machine.checkDisk();
  checkTrackers(world);
  for (const villain of world.villains) villain.end();
  for (const tracker of world.stage.trackers.values()) tracker.stop();
  await world.stage.clock.advance(AFTERMATH_MS);
  checkGone(world);
}
