import { describe, expect, it } from "vitest";
import { Simulation } from "../support/simulated-swarm.js";

const PIECE = 64 * 1024;
const MINUTE = 60_000;

async function create(): Promise<Simulation> {
  return Simulation.create({ seed: 1, length: 8 * PIECE, pieceLength: PIECE });
}

/** Why links of a peer ended, in order. */
function partings(events: Simulation["peers"][number]["events"]): (string | undefined)[] {
  return events.flatMap((event) => (event.kind === "peer" && event.change === "closed" ? [event.reason] : []));
}

describe("a link over which nothing passes", () => {
  it("ends after five minutes between peers that can dial each other again", async () => {
    const simulation = await create();
    const one = simulation.add("one");
    const other = simulation.add("other");
    one.session.addEndpoints([other.address]);
    await simulation.clock.advance(4.9 * MINUTE);
    expect(partings(one.events)).toEqual([]);
    await simulation.clock.advance(0.3 * MINUTE);
    expect(partings(one.events)).toEqual(["nothing to give or to get"]);
    await simulation.close();
    expect(simulation.clock.pendingTimers).toBe(0);
  });

  it("stays where one side could not be found again", async () => {
    const simulation = await create();
    const hub = simulation.add("hub");
    const tab = simulation.add("tab", { dialable: false });
    tab.session.addEndpoints([hub.address]);
    await simulation.clock.advance(30 * MINUTE);
    expect([partings(hub.events), partings(tab.events)]).toEqual([[], []]);
    expect(hub.session.view.peers).toHaveLength(1);
    await simulation.close();
  });

  it("stays alive by keep-alives alone, and carries what comes later", async () => {
    const simulation = await create();
    const hub = simulation.add("hub");
    const tab = simulation.add("tab", { dialable: false });
    tab.session.addEndpoints([hub.address]);
    await simulation.clock.advance(20 * MINUTE);
    const seed = simulation.add("seed", { has: "all" });
    hub.session.addEndpoints([seed.address]);
    expect(await simulation.allComplete([hub, tab], MINUTE)).toBe(true);
    expect(partings(tab.events)).toEqual([]);
    await simulation.close();
    expect(simulation.clock.pendingTimers).toBe(0);
  });

  it("ends when the other machine has silently died", async () => {
    const simulation = await create();
    const hub = simulation.add("hub");
    const tab = simulation.add("tab", { dialable: false });
    tab.session.addEndpoints([hub.address]);
    await simulation.clock.advance(MINUTE);
    tab.host.crash();
    await simulation.clock.advance(MINUTE);
    expect(partings(hub.events)).toEqual(["nothing heard for 45 s"]);
    await simulation.close();
  });
});
