import { describe, expect, it } from "vitest";
import { Geometry, type PieceStore } from "@shoal/peer-core";
import { seededRandom, VirtualClock } from "@shoal/peer-core/testing";
import { ProcessClock } from "./process-clock.js";
import { SimulatedDisk } from "./simulated-disk.js";

const PIECE = 16_384;
const geometry = new Geometry(8 * PIECE, PIECE);

interface Scene {
  readonly clock: VirtualClock;
  readonly process: ProcessClock;
  readonly disk: SimulatedDisk;
  readonly store: PieceStore;
}

function scene(accessMs = 0): Scene {
  const clock = new VirtualClock();
  const process = new ProcessClock(clock);
  const disk = new SimulatedDisk({ geometry, accessMs, maxPieces: 8, onWrite: () => undefined });
  return { clock, process, disk, store: disk.open(process) };
}

async function writeAll({ clock, store }: Scene): Promise<void> {
  for (const piece of geometry.pieces()) await clock.settle(store.write(piece, new Uint8Array(PIECE).fill(piece + 1)));
}

describe("a simulated disk", () => {
  it("claims after a crash what was recorded, a second after it was written, and never more", async () => {
    const before = scene();
    await writeAll(before);
    before.process.kill();
    before.disk.crash(true, seededRandom(1));
    expect(before.disk.recorded.size).toBe(0);
    expect(before.disk.open(new ProcessClock(before.clock)).present()).toEqual(new Uint8Array(8));

    const after = scene();
    await writeAll(after);
    await after.clock.advance(1_000);
    after.process.kill();
    after.disk.crash(true, seededRandom(1));
    expect(after.disk.recorded.size).toBe(8);
    for (const piece of after.disk.recorded) {
      expect(after.disk.bytesOf(piece)).toEqual(new Uint8Array(PIECE).fill(piece + 1));
    }
  });

  it("does nothing for a process that has died meanwhile", async () => {
    const { clock, process, disk, store } = scene(100);
    void store.write(geometry.pieceIndex(0), new Uint8Array(PIECE));
    await clock.advance(50);
    process.kill();
    await clock.advance(1_000);
    expect(disk.pieceCount).toBe(0);
  });

  it("finds other bytes once a bit has turned", async () => {
    const { clock, disk, store } = scene();
    const piece = geometry.pieceIndex(3);
    expect(disk.flip(piece, seededRandom(1))).toBe(false);
    await clock.settle(store.write(piece, new Uint8Array(PIECE)));
    expect(disk.flip(piece, seededRandom(1))).toBe(true);
    expect(disk.bytesOf(piece)?.some((byte) => byte !== 0)).toBe(true);
  });
});

describe("the clock of a process", () => {
  it("runs what fell due while it was stopped when it goes on, in its order, and nothing once it is dead", async () => {
    const clock = new VirtualClock();
    const process = new ProcessClock(clock);
    const ran: string[] = [];
    for (const [name, ms] of [
      ["a", 10],
      ["b", 20],
      ["c", 30],
      ["d", 300],
    ] as const) {
      process.schedule(ms, () => ran.push(name));
    }
    const cancelled = process.schedule(25, () => ran.push("cancelled"));
    await clock.advance(15);
    process.stop();
    await clock.advance(100);
    cancelled.cancel();
    expect(ran).toEqual(["a"]);
    process.goOn();
    await clock.advance(1);
    expect(ran).toEqual(["a", "b", "c"]);
    expect(process.pendingTimers).toBe(1);
    process.kill();
    await clock.advance(1_000);
    expect([ran.length, process.pendingTimers, clock.pendingTimers]).toEqual([3, 0, 0]);
  });
});
