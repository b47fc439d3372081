import { describe, expect, it } from "vitest";
import type { CloseReason, Connection } from "../src/ports/connection.js";
import type { MemoryHost, MemoryHostOptions } from "./memory-host.js";
import { MemoryNetwork } from "./memory-network.js";
import { seededRandom } from "./seeded-random.js";
import { VirtualClock } from "./virtual-clock.js";

const MIB = 1024 * 1024;
const NEVER = new AbortController().signal;

class World {
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;

  constructor(options: { seed?: number; cut?: boolean } = {}) {
    this.network = new MemoryNetwork({ clock: this.clock, random: seededRandom(options.seed ?? 1), cut: options.cut });
  }

  host(name: string, options?: MemoryHostOptions): MemoryHost {
    return this.network.host(name, options);
  }

  /** A link from `a` to `b`, the dialler's end first. */
  async link(a: MemoryHost, b: MemoryHost): Promise<[Connection, Connection]> {
    const address = `mem://${b.name}`;
    let accepted: Connection | undefined;
    b.unlisten();
    b.listen(address, (connection) => (accepted = connection));
    const dialled = await this.clock.settle(a.dialer.dial(address, NEVER));
    if (accepted === undefined) throw new Error("nobody accepted");
    return [dialled, accepted];
  }
}

/** Keeps `connection` fed with `total` bytes as a polite sender does. */
function feed(connection: Connection, total: number): { onDrain(): void } {
  let left = total;
  const pump = (): void => {
    while (left > 0 && connection.queuedBytes <= connection.drainBytes) {
      const size = Math.min(left, 64 * 1024);
      left -= size;
      connection.send(new Uint8Array(size));
    }
  };
  pump();
  return { onDrain: pump };
}

function watch(connection: Connection, onDrain: () => void = () => undefined) {
  const seen = { bytes: 0, closed: [] as CloseReason[] };
  connection.attach({
    onBytes: (bytes) => (seen.bytes += bytes.length),
    onDrain,
    onClosed: (reason) => seen.closed.push(reason),
  });
  return seen;
}

async function secondsFor(world: World, from: MemoryHost, to: MemoryHost, total: number): Promise<number> {
  const [a, b] = await world.link(from, to);
  const startedAt = world.clock.now();
  watch(a, feed(a, total).onDrain);
  const seen = watch(b);
  expect(await world.clock.runUntil(() => seen.bytes === total, 3_600_000)).toBe(true);
  return (world.clock.now() - startedAt) / 1000;
}

function expectWithin(actual: number, expected: number, share: number): void {
  expect(Math.abs(actual - expected) / expected, `${actual} is not ${expected} within ${share * 100} %`).toBeLessThan(
    share,
  );
}

describe("MemoryNetwork", () => {
  it.each([
    { up: 2 * MIB, down: undefined, latencyMs: 0, expected: 2 * MIB },
    { up: undefined, down: 3 * MIB, latencyMs: 0, expected: 3 * MIB },
    { up: 1 * MIB, down: 8 * MIB, latencyMs: 20, expected: 1 * MIB },
    { up: 8 * MIB, down: 1 * MIB, latencyMs: 100, expected: 1 * MIB },
    { up: 100 * MIB, down: 100 * MIB, latencyMs: 50, expected: 100 * MIB },
    { up: 100_000, down: 50_000, latencyMs: 10, expected: 50_000 },
  ])(
    "moves bytes at the slower of uplink $up and downlink $down, latency $latencyMs",
    async ({ up, down, latencyMs, expected }) => {
      const world = new World();
      const a = world.host("a", { upBytesPerSecond: up, latencyMs });
      const b = world.host("b", { downBytesPerSecond: down, latencyMs });
      const total = expected * 20;
      expectWithin(total / (await secondsFor(world, a, b, total)), expected, 0.02);
      expect(a.sentBytes).toBe(total);
      expect(b.receivedBytes).toBe(total);
    },
  );

  it("shares an uplink fairly over its links", async () => {
    const world = new World();
    const seed = world.host("seed", { upBytesPerSecond: 4 * MIB });
    const received = [];
    for (let i = 0; i < 4; i++) {
      const [near, far] = await world.link(seed, world.host(`p${i}`, { latencyMs: 10 * i }));
      watch(near, feed(near, 100 * MIB).onDrain);
      received.push(watch(far));
    }
    await world.clock.advance(20_000);
    for (const { bytes } of received) expectWithin(bytes, 20 * MIB, 0.02);
  });

  it("shares a downlink fairly over its links without queueing for seconds", async () => {
    const world = new World();
    const sink = world.host("sink", { downBytesPerSecond: 2 * MIB, latencyMs: 20 });
    const links = [];
    for (let i = 0; i < 10; i++) {
      links.push(await world.link(world.host(`p${i}`, { upBytesPerSecond: 4 * MIB, latencyMs: 20 }), sink));
    }
    const received = links.map(([near, far]) => {
      watch(near, feed(near, 100 * MIB).onDrain);
      return watch(far);
    });
    await world.clock.advance(20_000);
    let total = 0;
    for (const { bytes } of received) {
      total += bytes;
      expectWithin(bytes, 4 * MIB, 0.15);
    }
    expectWithin(total, 40 * MIB, 0.02);
    const [near, far] = await world.link(world.host("late", { latencyMs: 20 }), sink);
    const seen = watch(far);
    watch(near);
    const sentAt = world.clock.now();
    near.send(new Uint8Array(100));
    expect(await world.clock.runUntil(() => seen.bytes > 0, 60_000)).toBe(true);
    expect(world.clock.now() - sentAt).toBeLessThan(1000);
  });

  it("takes both hosts' latency each way", async () => {
    const world = new World();
    const startedAt = world.clock.now();
    const [a, b] = await world.link(world.host("a", { latencyMs: 30 }), world.host("b", { latencyMs: 20 }));
    expect(world.clock.now() - startedAt).toBe(100);
    let echoedAt: number | undefined;
    a.attach({ onBytes: () => (echoedAt = world.clock.now()), onDrain: () => undefined, onClosed: () => undefined });
    b.attach({ onBytes: () => b.send(new Uint8Array(1)), onDrain: () => undefined, onClosed: () => undefined });
    const sentAt = world.clock.now();
    a.send(new Uint8Array(1));
    await world.clock.advance(1000);
    expect(echoedAt).toBe(sentAt + 100);
  });

  it("delays what was lost on the way and keeps the order", async () => {
    const world = new World();
    const fast = await secondsFor(world, world.host("a", { upBytesPerSecond: MIB }), world.host("b"), 8 * MIB);
    const lossy = await secondsFor(
      world,
      world.host("c", { upBytesPerSecond: MIB, loss: 0.05, latencyMs: 50 }),
      world.host("d"),
      8 * MIB,
    );
    expect(lossy).toBeGreaterThan(fast * 1.1);
  });

  it("repeats the same trace for the same seed and another one for another", async () => {
    const trace = async (seed: number): Promise<string> => {
      const world = new World({ seed, cut: true });
      const [a, b] = await world.link(
        world.host("a", { upBytesPerSecond: MIB, loss: 0.1, latencyMs: 5 }),
        world.host("b"),
      );
      const lines: string[] = [];
      watch(a, feed(a, MIB).onDrain);
      b.attach({
        onBytes: (bytes) => lines.push(`${world.clock.now()} ${bytes.length}`),
        onDrain: () => undefined,
        onClosed: () => undefined,
      });
      await world.clock.advance(60_000);
      return lines.join("\n");
    };
    expect(await trace(5)).toBe(await trace(5));
    expect(await trace(5)).not.toBe(await trace(6));
  });

  it("refuses dials where nobody listens and times out where nobody answers", async () => {
    const world = new World();
    const a = world.host("a", { latencyMs: 10 });
    const b = world.host("b");
    await expect(world.clock.settle(a.dialer.dial("mem://nowhere", NEVER))).rejects.toMatchObject({
      code: "connection",
    });
    await world.link(a, b);
    b.unlisten();
    const startedAt = world.clock.now();
    await expect(world.clock.settle(a.dialer.dial("mem://b", NEVER))).rejects.toThrow("refused");
    expect(world.clock.now() - startedAt).toBe(20);
    b.crash();
    await expect(world.clock.settle(a.dialer.dial("mem://b", NEVER))).rejects.toThrow("no answer");
    expect(world.clock.now() - startedAt).toBe(20 + 15_000);
  });

  it("gives up a dial when the signal fires, and leaves no link behind", async () => {
    const world = new World();
    const a = world.host("a", { latencyMs: 10 });
    const b = world.host("b");
    b.listen("mem://b", (connection) => void watch(connection));
    const abort = new AbortController();
    const dial = a.dialer.dial("mem://b", abort.signal);
    world.clock.schedule(15, () => abort.abort());
    await expect(world.clock.settle(dial)).rejects.toMatchObject({ code: "aborted" });
    await world.clock.advance(1000);
    expect(a.openLinks + b.openLinks).toBe(0);
  });

  it("holds back what crosses a partition until it heals", async () => {
    const world = new World();
    const [hostA, hostB] = [world.host("a", { latencyMs: 10 }), world.host("b")];
    const [a, b] = await world.link(hostA, hostB);
    watch(a);
    const seen = watch(b);
    a.send(new Uint8Array(10));
    world.network.partition([hostA], [hostB]);
    a.send(new Uint8Array(10));
    await world.clock.advance(10_000);
    expect(seen.bytes).toBe(0);
    world.network.heal();
    await world.clock.advance(100);
    expect(seen.bytes).toBe(20);
    expect(seen.closed).toEqual([]);
  });

  it("closes both ends with 1006 when one gives up on a link that takes nothing for 30 s", async () => {
    const world = new World();
    const [hostA, hostB] = [world.host("a"), world.host("b")];
    const [a, b] = await world.link(hostA, hostB);
    const seenA = watch(a);
    const seenB = watch(b);
    world.network.partition([hostA], [hostB]);
    a.send(new Uint8Array(MIB));
    a.send(new Uint8Array(1));
    await world.clock.advance(61_000);
    expect(seenA.closed).toMatchObject([{ code: 1006, remote: true }]);
    expect(seenB.closed).toEqual([]);
    world.network.heal();
    await world.clock.advance(1000);
    expect(seenB.closed).toMatchObject([{ code: 1006 }]);
  });

  it("lets the others learn of a crash late or never", async () => {
    const world = new World();
    const [hostA, hostB, hostC] = [world.host("a"), world.host("b"), world.host("c")];
    const [toB, fromA] = await world.link(hostA, hostB);
    const [toC, fromA2] = await world.link(hostA, hostC);
    const [seenB, seenA, seenC, seenA2] = [watch(toB), watch(fromA), watch(toC), watch(fromA2)];
    hostB.crash(5_000);
    hostC.crash();
    await world.clock.advance(4_999);
    expect(seenB.closed).toEqual([]);
    await world.clock.advance(1);
    expect(seenB.closed).toMatchObject([{ code: 1006, remote: true }]);
    await world.clock.advance(600_000);
    expect(seenC.closed).toEqual([]);
    expect(seenA.closed).toEqual([]);
    expect(seenA2.closed).toEqual([]);
    expect(hostB.openLinks).toBe(0);
  });

  it("closes everything with 1001 when a host shuts down", async () => {
    const world = new World();
    const [hostA, hostB] = [world.host("a", { latencyMs: 5 }), world.host("b")];
    const [a, b] = await world.link(hostA, hostB);
    const [seenA, seenB] = [watch(a), watch(b)];
    hostB.shutdown();
    await world.clock.advance(1000);
    expect(seenA.closed).toMatchObject([{ code: 1001, remote: true }]);
    expect(seenB.closed).toMatchObject([{ code: 1001, remote: false }]);
  });
});
