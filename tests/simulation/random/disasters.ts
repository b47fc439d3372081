import type { MemoryHost } from "@shoal/peer-core/testing";
import type { Disaster } from "./scenario.js";
import type { Machine } from "./machine.js";
import type { World } from "./world.js";

/** Makes a scenario's disasters happen, each in its time. */
export class Disasters {
  readonly #world: World;
  /** What is cut off from all others now. */
  readonly #cut = new Set<readonly MemoryHost[]>();

  constructor(world: World) {
    this.#world = world;
    for (const disaster of world.stage.scenario.disasters) {
      world.stage.clock.schedule(disaster.atMs, () => this.#happen(disaster));
    }
  }

  #happen(disaster: Disaster): void {
    this.#world.stage.note("disaster", JSON.stringify(disaster));
    switch (disaster.kind) {
      case "partition":
        return this.#cutOff(
          disaster.names.flatMap((name) => this.#world.machines.get(name)?.host ?? []),
          disaster.ms,
        );
      case "tracker-down":
        return this.#takeDown(disaster.name, disaster.ms);
      case "tracker-lines":
        return this.#world.stage.trackers.get(disaster.name)?.loseLines();
      default: {
        const machine = this.#world.machines.get(disaster.name);
        if (machine !== undefined) this.#strike(machine, disaster);
      }
    }
  }

  #strike(
    machine: Machine,
    disaster: Exclude<Disaster, { kind: "partition" | "tracker-down" | "tracker-lines" }>,
  ): void {
    const { random } = this.#world.stage;
    const { host, disk } = machine;
    switch (disaster.kind) {
      case "crash":
        machine.crash(disaster.loses, disaster.noticedAfterMs);
        return this.#startLater(machine, disaster.downMs);
      case "leave":
        void machine.leave();
        return this.#startLater(machine, disaster.downMs);
      case "stall":
        return this.#stall(machine, disaster.ms);
      case "lose-links":
        return host.loseLinks();
      case "half-open":
        return host.silenceLinks();
      case "slow-line":
        return host.setRates(disaster.bytesPerSecond, disaster.bytesPerSecond);
      case "slow-disk":
        disk.accessMs = disaster.accessMs;
        return;
      case "full-disk":
        disk.maxPieces = disk.pieceCount;
        return;
      case "flip":
        if (disk.flip(disaster.piece, random)) machine.flipped.set(disaster.piece, this.#world.stage.clock.now());
        return;
    }
  }

  #startLater(machine: Machine, downMs: number | undefined): void {
    if (downMs !== undefined) this.#world.stage.clock.schedule(downMs, () => machine.start());
  }

  #stall(machine: Machine, ms: number): void {
    const { process } = machine;
    if (process === undefined) return;
    process.clock.stop();
    this.#cutOff([machine.host], ms);
    this.#world.stage.clock.schedule(ms, () => process.clock.goOn());
  }

  #takeDown(name: string, ms: number): void {
    const tracker = this.#world.stage.trackers.get(name);
    tracker?.stop();
    this.#world.stage.clock.schedule(ms, () => tracker?.start());
  }

  #cutOff(hosts: readonly MemoryHost[], ms: number): void {
    this.#cut.add(hosts);
    this.#applyCuts();
    this.#world.stage.clock.schedule(ms, () => {
      this.#cut.delete(hosts);
      this.#applyCuts();
    });
  }

  #applyCuts(): void {
    const { machines, villains, stage } = this.#world;
    stage.network.heal();
    const all = [...machines.values(), ...villains].map(({ host }) => host);
    for (const hosts of this.#cut) {
      const inside = new Set(hosts);
      stage.network.partition(
        hosts,
        all.filter((host) => !inside.has(host)),
      );
    }
  }
}
