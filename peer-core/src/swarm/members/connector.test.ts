import { describe, expect, it } from "vitest";
import { ShoalError } from "../../base/errors.js";
import { peerIdFromBytes } from "../../base/ids.js";
import { createMicrotaskHasher } from "../../../testing/microtask-hasher.js";
import { seededRandom } from "../../../testing/seeded-random.js";
import { VirtualClock } from "../../../testing/virtual-clock.js";
import type { Connection, Dialer } from "../../ports/connection.js";
import { Connector, type ConnectorOptions } from "./connector.js";

const PEER = peerIdFromBytes(new Uint8Array(20).fill(7));

interface Dial {
  readonly address: string;
  readonly signal: AbortSignal;
  succeed(): void;
  fail(): void;
}

/** A connector whose dials the test answers itself. */
class Scene {
  readonly clock = new VirtualClock();
  readonly dials: Dial[] = [];
  readonly opened: string[] = [];
  readonly closed: number[] = [];
  readonly connector: Connector;

  constructor(options: Partial<ConnectorOptions> = {}) {
    const dialer: Dialer = {
      canDial: (address) => /^(tcp|ws):/.test(address),
      dial: (address, signal) =>
        new Promise((resolve, reject) => {
          const fail = () => reject(new ShoalError("connection", "refused"));
          signal.addEventListener("abort", fail, { once: true });
          this.dials.push({ address, signal, fail, succeed: () => resolve(this.#connection()) });
        }),
    };
    this.connector = new Connector({
      runtime: { clock: this.clock, random: seededRandom(1), hasher: createMicrotaskHasher() },
      dialer,
      hasRoom: () => true,
      isConnectedTo: () => false,
      openDoors: () => [],
      avoidsSeeds: () => false,
      onConnection: (_connection, address) => this.opened.push(address),
      ...options,
    });
  }

  /** Adds addresses on hosts of their own, numbered from 0. */
  add(count: number): void {
    for (let index = 0; index < count; index++) this.connector.add(`tcp://host${index}:1`, { isTrusted: false });
  }

  tick(): void {
    this.connector.tick(this.clock.now());
  }

  /** Answers the oldest dial that has not been answered. */
  async answer(how: "succeed" | "fail"): Promise<void> {
    this.dials.shift()?.[how]();
    await this.clock.advance(0);
  }

  #connection(): Connection {
    return {
      label: "",
      remoteAddress: undefined,
      queuedBytes: 0,
      drainBytes: 65_536,
      attach: () => undefined,
      send: () => undefined,
      close: (code) => this.closed.push(code),
    };
  }
}

describe("Connector", () => {
  it("dials what it is told, once", async () => {
    const scene = new Scene();
    scene.add(2);
    scene.add(2);
    scene.tick();
    scene.tick();
    expect(scene.dials.map(({ address }) => address)).toEqual(["tcp://host0:1", "tcp://host1:1"]);
    await scene.answer("succeed");
    expect(scene.opened).toEqual(["tcp://host0:1"]);
    expect(scene.connector.idleCount).toBe(0);
  });

  it("has no use for addresses that cannot be dialled here", () => {
    const scene = new Scene();
    scene.connector.add("ftp://host/", { isTrusted: false });
    expect(scene.connector.idleCount).toBe(0);
  });

  it("opens eight links at a time", async () => {
    const scene = new Scene();
    scene.add(20);
    scene.tick();
    expect([scene.dials.length, scene.connector.idleCount]).toEqual([8, 12]);
    await scene.answer("succeed");
    await scene.answer("fail");
    scene.tick();
    expect(scene.dials).toHaveLength(8);
  });

  it("dials nothing while there is no room", () => {
    const scene: Scene = new Scene({ hasRoom: () => scene.dials.length < 2 });
    scene.add(5);
    scene.tick();
    expect(scene.dials).toHaveLength(2);
  });

  it("gives up a dial after 15 s", async () => {
    const scene = new Scene();
    scene.add(1);
    scene.tick();
    await scene.clock.advance(14_999);
    expect(scene.dials[0]?.signal.aborted).toBe(false);
    await scene.clock.advance(1);
    expect([scene.dials[0]?.signal.aborted, scene.connector.idleCount]).toEqual([true, 1]);
  });

  it("waits before it dials again an address that failed", async () => {
    const scene = new Scene();
    scene.add(1);
    scene.tick();
    await scene.answer("fail");
    scene.tick();
    expect(scene.dials).toHaveLength(0);
    await scene.clock.advance(1_000);
    scene.tick();
    expect(scene.dials).toHaveLength(1);
  });

  it("dials again when a link is lost", async () => {
    const scene = new Scene();
    scene.add(1);
    scene.tick();
    await scene.answer("succeed");
    scene.connector.lost("tcp://host0:1", false);
    await scene.clock.advance(1_000);
    scene.tick();
    expect(scene.dials).toHaveLength(1);
  });

  it("leaves seeds alone while they are of no use", async () => {
    let amSeed = true;
    const scene = new Scene({ avoidsSeeds: () => amSeed });
    scene.add(1);
    scene.tick();
    await scene.answer("succeed");
    scene.connector.lost("tcp://host0:1", true);
    await scene.clock.advance(10_000);
    scene.tick();
    expect(scene.dials).toHaveLength(0);
    amSeed = false;
    scene.tick();
    expect(scene.dials).toHaveLength(1);
  });

  it("dials one that was a seed when it is named anew, and not as a seed", async () => {
    const scene = new Scene({ avoidsSeeds: () => true });
    scene.add(1);
    scene.tick();
    await scene.answer("succeed");
    scene.connector.lost("tcp://host0:1", true);
    await scene.clock.advance(10_000);
    scene.connector.add("tcp://host0:1", { isSeed: true, isTrusted: false });
    scene.tick();
    expect(scene.dials).toHaveLength(0);
    scene.connector.add("tcp://host0:1", { isTrusted: false });
    scene.tick();
    expect(scene.dials).toHaveLength(1);
  });

  it("does not dial a peer to which there is a link already", () => {
    const scene = new Scene({ isConnectedTo: (peerId) => peerId === PEER });
    scene.connector.add("tcp://host0:1", { peerId: PEER, isTrusted: false });
    scene.connector.add("tcp://host1:1", { isTrusted: false });
    scene.connector.identified("tcp://host1:1", PEER);
    scene.connector.add("tcp://host2:1", { peerId: PEER, isTrusted: false });
    scene.tick();
    expect(scene.dials).toHaveLength(0);
  });

  it("leaves a banned address alone until the ban ends, whatever becomes of its link", async () => {
    const scene = new Scene();
    scene.add(1);
    scene.tick();
    await scene.answer("succeed");
    scene.connector.ban("tcp://host0:1", 600_000);
    scene.connector.lost("tcp://host0:1", false);
    await scene.clock.advance(599_999);
    scene.tick();
    expect(scene.dials).toHaveLength(0);
    await scene.clock.advance(1);
    scene.tick();
    expect(scene.dials).toHaveLength(1);
  });

  it("closes a link that opens after its address was banned", async () => {
    const scene = new Scene();
    scene.add(1);
    scene.tick();
    scene.connector.ban("tcp://host0:1", 600_000);
    await scene.answer("succeed");
    expect([scene.closed, scene.opened]).toEqual([[1000], []]);
  });

  it("forgets an address that is ourselves", () => {
    const scene = new Scene();
    scene.add(1);
    scene.connector.add("ws://host0:1/peer", { isTrusted: false });
    scene.connector.removeOwn("tcp://host0:1");
    scene.add(1);
    scene.connector.add("ws://host0:1/peer", { isTrusted: false });
    scene.tick();
    expect([scene.dials.length, scene.connector.idleCount]).toEqual([0, 0]);
  });

  it("keeps 3,000 addresses, and drops hopeless ones for new ones", async () => {
    const scene = new Scene();
    scene.add(3_001);
    expect(scene.connector.idleCount).toBe(3_000);
    for (let turn = 0; turn < 4; turn++) {
      scene.connector.tick(scene.clock.now());
      for (let dial = 0; dial < 8; dial++) await scene.answer("fail");
      await scene.clock.advance(20_000);
    }
    scene.connector.add("tcp://newcomer:1", { isTrusted: false });
    expect(scene.connector.idleCount).toBe(3_000);
    let wasDialed = false;
    for (let turn = 0; turn < 400 && !wasDialed; turn++) {
      scene.tick();
      wasDialed = scene.dials.some(({ address }) => address === "tcp://newcomer:1");
      while (scene.dials.length > 0) await scene.answer("succeed");
    }
    expect(wasDialed).toBe(true);
  });

  it("knows 16 addresses of one host at most, and any number of this machine", () => {
    const scene = new Scene();
    for (let port = 1; port <= 50; port++) scene.connector.add(`tcp://203.0.113.5:${port}`, { isTrusted: false });
    expect(scene.connector.idleCount).toBe(16);
    for (let port = 1; port <= 50; port++) scene.connector.add(`tcp://127.0.0.1:${port}`, { isTrusted: true });
    expect(scene.connector.idleCount).toBe(66);
  });

  it("counts what leads to one door of a host once", () => {
    const scene = new Scene();
    for (let port = 1; port <= 50; port++) {
      scene.connector.add(`ws://203.0.113.5:${port}/peer`, { isTrusted: false });
      scene.connector.add(`tcp://203.0.113.5:${port}`, { isTrusted: false });
    }
    expect(scene.connector.idleCount).toBe(32);
  });

  it("ends its dials when it stops, and closes what opens all the same", async () => {
    const scene = new Scene();
    scene.add(2);
    scene.tick();
    scene.dials[0]?.succeed();
    scene.connector.stop();
    await scene.clock.advance(0);
    expect(scene.dials.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect([scene.opened, scene.closed]).toEqual([[], [1000]]);
    scene.tick();
    expect([scene.dials.length, scene.clock.pendingTimers]).toEqual([2, 0]);
  });

  it("takes addresses of this machine and its network only from whoever may name them", () => {
    const scene = new Scene();
    const local = [
      "tcp://127.0.0.1:1",
      "tcp://localhost:1",
      "tcp://[::1]:1",
      "tcp://192.168.1.2:1",
      "tcp://[fd00::1]:1",
    ];
    for (const address of local) scene.connector.add(address, { isTrusted: false });
    expect(scene.connector.idleCount).toBe(0);
    for (const address of local) scene.connector.add(address, { isTrusted: true });
    expect(scene.connector.idleCount).toBe(local.length);
  });

  it("does not let others rename an address", () => {
    const scene = new Scene({ isConnectedTo: (peerId) => peerId === PEER });
    scene.connector.add("tcp://host0:1", { isTrusted: false });
    scene.connector.add("tcp://host0:1", { peerId: PEER, isTrusted: false });
    scene.tick();
    expect(scene.dials).toHaveLength(1);
  });
});

describe("Connector, where two addresses lead to one door", () => {
  const TCP = "tcp://203.0.113.5:7001";
  const WS = "ws://203.0.113.5:7001/peer";

  function doorScene(options: Partial<ConnectorOptions> = {}): Scene {
    const scene = new Scene(options);
    for (const address of [WS, TCP]) scene.connector.add(address, { isTrusted: false });
    scene.tick();
    return scene;
  }

  /** What has been dialled and not been answered. */
  const pending = (scene: Scene) => scene.dials.map(({ address }) => address);

  it("dials TCP first, and nothing else while it is being dialled or connected", async () => {
    const scene = doorScene();
    expect(pending(scene)).toEqual([TCP]);
    scene.tick();
    await scene.answer("succeed");
    scene.tick();
    expect([scene.opened, pending(scene)]).toEqual([[TCP], []]);
  });

  it("tries the other way when the first leads nowhere, and the first again later", async () => {
    const scene = doorScene();
    await scene.answer("fail");
    scene.tick();
    expect(pending(scene)).toEqual([WS]);
    await scene.answer("fail");
    await scene.clock.advance(2_000);
    scene.tick();
    expect(pending(scene)).toEqual([TCP]);
  });

  it("tries the other way when what answers is no peer", async () => {
    const scene = doorScene();
    await scene.answer("succeed");
    scene.connector.lost(TCP, false);
    scene.tick();
    expect(pending(scene)).toEqual([WS]);
  });

  it("leaves the whole door alone for a while when a peer that answered has gone", async () => {
    const scene = doorScene();
    await scene.answer("succeed");
    scene.connector.identified(TCP, PEER);
    scene.connector.lost(TCP, false);
    scene.tick();
    expect(pending(scene)).toEqual([]);
    await scene.clock.advance(1_000);
    scene.tick();
    expect(pending(scene)).toEqual([TCP]);
  });

  it("dials neither while a peer that listens there is connected", () => {
    const doors = ["203.0.113.5:7001"];
    const scene = doorScene({ openDoors: () => doors });
    expect(pending(scene)).toEqual([]);
    doors.pop();
    scene.tick();
    expect(pending(scene)).toEqual([TCP]);
  });

  it("bans both", async () => {
    const scene = doorScene();
    await scene.answer("succeed");
    scene.connector.ban(TCP, 600_000);
    scene.connector.lost(TCP, false);
    await scene.clock.advance(599_000);
    scene.tick();
    expect(pending(scene)).toEqual([]);
  });

  it.each([
    "ws://203.0.113.5:7002/peer",
    "ws://203.0.113.5:7001/other/peer",
    "ws://203.0.113.5:7001/peer?a",
    "tcp://[2001:db8::1]:7001",
  ])("takes %s for another", (address) => {
    const scene = new Scene();
    for (const each of [TCP, address]) scene.connector.add(each, { isTrusted: false });
    scene.tick();
    expect(pending(scene)).toEqual([TCP, address]);
  });
});
