import { describe, expect, it } from "vitest";
import { ConnectorScene as Scene } from "../../../testing/connector-scene.js";
import { peerIdFromBytes } from "../../base/ids.js";

const PEER = peerIdFromBytes(new Uint8Array(20).fill(7));

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
});
