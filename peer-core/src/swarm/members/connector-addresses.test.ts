import { describe, expect, it } from "vitest";
import { ConnectorScene as Scene } from "../../../testing/connector-scene.js";
import { peerIdFromBytes } from "../../base/ids.js";
import type { ConnectorOptions } from "./connector.js";

const PEER = peerIdFromBytes(new Uint8Array(20).fill(7));

describe("Connector, of the addresses it knows", () => {
  it("has no use for addresses that cannot be dialled here", () => {
    const scene = new Scene();
    scene.connector.add("ftp://host/", { isTrusted: false });
    expect(scene.connector.idleCount).toBe(0);
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
