import { setTimeout as pause } from "node:timers/promises";
import { publishUntilGone } from "../publisher.js";
import type { World } from "../world.js";
import type { Bring } from "./scene.js";

/** SIGKILL at once, and again after a while. What the hub has acknowledged until then has to be there afterwards. */
export const kill: Bring = async ({ actor, fault, world }) => {
  if (fault.role === "tab") return (await world.tab?.crash()) ?? false;
  return await actor.exclusively(async () => {
    const publishing = fault.role === "hub" ? publishUntilGone(world) : undefined;
    if (publishing) await publishing.started;
    const was = await actor.end("SIGKILL");
    await publishing?.done;
    await pause(fault.lengthMs * fault.detail);
    actor.start();
    return was;
  });
};

/** A graceful end, and again. */
export const restart: Bring = async ({ actor, world }) => {
  return await actor.exclusively(async () => {
    // Before it heeds signals an interrupt is no graceful end.
    if (actor.ready === undefined) return false;
    const was = await actor.end("SIGINT").catch((error: unknown) => {
      world.ledger.complain(`${actor.name} does not stop: ${String(error)}`);
      return actor.end("SIGKILL");
    });
    actor.start();
    return was;
  });
};

/** SIGSTOP: it holds all its links and answers nothing. */
export const stop: Bring = async ({ actor, fault, world }) => {
  return await actor.exclusively(async () => {
    if (fault.role === "tab") return await stopTab(fault.lengthMs, world);
    const run = actor.ready;
    if (run === undefined) return false;
    const fromMs = Date.now();
    run.process.kill("SIGSTOP");
    await pause(fault.lengthMs);
    run.process.kill("SIGCONT");
    world.ledger.stops.push({ fromMs, toMs: Date.now() });
    return true;
  });
};

async function stopTab(lengthMs: number, { tab, ledger }: World): Promise<boolean> {
  const fromMs = Date.now();
  const goOn = await tab?.stop();
  if (goOn === undefined) return false;
  await pause(lengthMs);
  goOn();
  ledger.stops.push({ fromMs, toMs: Date.now() });
  return true;
}

/** The wall clock of the machine is set to another day. */
export const clock: Bring = ({ actor }) => {
  const run = actor.ready;
  run?.process.kill("SIGUSR2");
  return Promise.resolve(run !== undefined);
};
