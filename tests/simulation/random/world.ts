import { createHash } from "node:crypto";
import type { MemoryHost, MemoryHostOptions } from "@shoal/peer-core/testing";
import { PEER_PORT } from "./live-process.js";
import { Machine } from "./machine.js";
import type { DiskPlan, PeerPlan, RelayPlan, WirePlan } from "./scenario.js";
import { SimulatedDisk } from "./simulated-disk.js";
import { SimulatedTracker } from "./simulated-tracker.js";
import { isSame, type Stage } from "./stage.js";
import { Villain } from "./villain.js";

/** Everybody whom a scenario names, on its stage. */
export class World {
  readonly stage: Stage;
  readonly machines = new Map<string, Machine>();
  readonly villains: Villain[] = [];
  #hostCount = 0;

  constructor(stage: Stage) {
    this.stage = stage;
    this.#build();
  }

  #build(): void {
    const { trackers, relays, peers, villains } = this.stage.scenario;
    const hosts = new Map(relays.map((plan) => [plan.name, this.#host(plan.name, plan.wire)]));
    for (const { name, relays: named } of trackers) {
      const urls = named.flatMap((relay) => {
        const host = hosts.get(relay);
        return host === undefined ? [] : [`ws://${host.ipAddress}:${PEER_PORT}/peer`];
      });
      const host = this.stage.network.host(name, {
        ipAddress: `30.0.0.${this.stage.trackers.size + 1}`,
        latencyMs: 10,
      });
      const { clock, random } = this.stage;
      this.stage.trackers.set(name, new SimulatedTracker({ name, clock, random: random.fork(), host, relays: urls }));
    }
    for (const plan of relays) this.#addRelay(plan, hosts.get(plan.name));
    for (const plan of peers) this.#addPeer(plan);
    for (const plan of villains) this.villains.push(new Villain(this.stage, this.#host(plan.name, plan.wire), plan));
  }

  #addRelay(plan: RelayPlan, host: MemoryHost | undefined): void {
    if (host === undefined) return;
    const quotaBytes = plan.quotaPieces * this.stage.scenario.pieceLength;
    const disk: SimulatedDisk = this.#disk(plan.name, plan.disk, [], {
      proves: (piece, bytes) => isSame(bytes, this.stage.pieceBytes(piece)),
      reserve: (bytes) => {
        if (disk.usedBytes + bytes > quotaBytes) this.stage.fail(`${plan.name} exceeds its quota`);
      },
    });
    this.machines.set(plan.name, new Machine(this.stage, host, disk, { kind: "relay", plan }));
  }

  #addPeer(plan: PeerPlan): void {
    const pieces = Array.from(plan.has.slice(0, this.stage.scenario.pieceCount))
      .flatMap((drawn, piece) => (drawn === "x" ? [piece] : []))
      .map((piece): [number, Uint8Array] => [piece, new Uint8Array(this.stage.pieceBytes(piece))]);
    const ipAddress = plan.nat === undefined ? undefined : `21.0.0.${plan.nat}`;
    const host = this.#host(plan.name, plan.wire, ipAddress);
    const disk = this.#disk(plan.name, plan.disk, pieces);
    this.machines.set(plan.name, new Machine(this.stage, host, disk, { kind: "peer", plan }));
  }

  #disk(
    name: string,
    { accessMs, hashes, isReadOnly, maxPieces = Infinity }: DiskPlan,
    pieces: [number, Uint8Array][],
    relay: Pick<SimulatedDisk["options"], "proves" | "reserve"> = {},
  ): SimulatedDisk {
    const sha1 = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest();
    const onWrite = (piece: number, bytes: Uint8Array) => {
      if (!isSame(bytes, this.stage.pieceBytes(piece))) this.stage.fail(`${name} stores wrong bytes as piece ${piece}`);
    };
    const { geometry } = this.stage.metainfo;
    return new SimulatedDisk(
      { geometry, accessMs, maxPieces, isReadOnly, sha1: hashes ? sha1 : undefined, onWrite, ...relay },
      pieces,
    );
  }

  #host(name: string, { latencyMs, loss, up, down }: WirePlan, nat?: string): MemoryHost {
    const number = ++this.#hostCount;
    const options: MemoryHostOptions = {
      latencyMs,
      loss,
      upBytesPerSecond: up,
      downBytesPerSecond: down,
      ipAddress: nat ?? `20.0.${number >> 8}.${number & 255}`,
    };
    return this.stage.network.host(name, options);
  }
}
