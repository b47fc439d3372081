import { describe, expect, it } from "vitest";
import { infoHashFromBytes, peerIdFromBytes, type PeerId } from "../../base/ids.js";
import { MemoryNetwork } from "../../../testing/memory-network.js";
import { seededRandom } from "../../../testing/seeded-random.js";
import { VirtualClock } from "../../../testing/virtual-clock.js";
import { PeerSession, type SessionOwner } from "../../peer/peer-session.js";
import type { Connection } from "../../ports/connection.js";
import { encodeHandshake } from "../../wire/handshake.js";
import { SessionTable, staysOf } from "./session-table.js";

const SHARE = infoHashFromBytes(new Uint8Array(20));

function peerId(name: string): PeerId {
  return peerIdFromBytes(new Uint8Array(20).fill(name.charCodeAt(0)));
}

/** Opens real sessions on simulated links. */
class Scene {
  readonly clock = new VirtualClock();
  readonly #network = new MemoryNetwork({ clock: this.clock, random: seededRandom(1) });
  #links = 0;

  /** An open session with the peer `name`, at the address `ipAddress`. */
  async session(name: string, direction: "inbound" | "outbound", ipAddress?: string): Promise<PeerSession> {
    const number = ++this.#links;
    const accepted: Connection[] = [];
    this.#network.host(`${name}${number}`, { ipAddress }).listen(`mem://${number}`, (link) => accepted.push(link));
    const us = this.#network.host(`us${number}`);
    const ours = await this.clock.settle(us.dialer.dial(`mem://${number}`, new AbortController().signal));
    const owner: SessionOwner = {
      infoHash: SHARE,
      peerId: peerId("m"),
      onOpen: () => undefined,
      onMessage: () => undefined,
      onBatch: () => undefined,
      onDrain: () => undefined,
      onClosed: () => undefined,
    };
    const session = new PeerSession({
      connection: ours,
      clock: this.clock,
      owner: direction === "outbound" ? owner : undefined,
      route: () => owner,
    });
    session.start();
    accepted[0]!.attach({ onBytes: () => undefined, onDrain: () => undefined, onClosed: () => undefined });
    const id = { infoHash: SHARE, peerId: peerId(name), supportsExtensions: true, supportsFast: true };
    accepted[0]!.send(encodeHandshake(id));
    await this.clock.runUntil(() => session.isActive, 1_000);
    return session;
  }
}

describe("staysOf", () => {
  const us = peerId("m");

  it.each([
    ["z", "outbound", "inbound", "older"],
    ["z", "inbound", "outbound", "newer"],
    ["a", "outbound", "inbound", "newer"],
    ["a", "inbound", "outbound", "older"],
  ] as const)(
    "with peer %s keeps, of %s and then %s, the one that the lower id dialled: the %s",
    async (name, before, after, stays) => {
      const scene = new Scene();
      const older = await scene.session(name, before);
      const newer = await scene.session(name, after);
      expect(staysOf(older, newer, us, scene.clock.now()) === older ? "older" : "newer").toBe(stays);
    },
  );

  it("keeps the older of two in one direction, until it has been silent for 25 s", async () => {
    const scene = new Scene();
    const older = await scene.session("a", "inbound", "192.0.2.1");
    await scene.clock.advance(24_000);
    const newer = await scene.session("a", "inbound", "192.0.2.1");
    expect(staysOf(older, newer, us, scene.clock.now())).toBe(older);
    await scene.clock.advance(2_000);
    expect(staysOf(older, newer, us, scene.clock.now())).toBe(newer);
  });

  it("leaves a stranger 150 s of silence before it gives way to another address, our own kind 25 s", async () => {
    const scene = new Scene();
    const older = await scene.session("a", "inbound", "192.0.2.1");
    await scene.clock.advance(140_000);
    const newer = await scene.session("a", "inbound", "192.0.2.9");
    expect(staysOf(older, newer, us, scene.clock.now())).toBe(older);
    older.remote.onExtendedHandshake({ extensions: {}, blockMax: 65_536 });
    expect(staysOf(older, newer, us, scene.clock.now())).toBe(newer);
  });
});

describe("staysOf, when ids are borrowed", () => {
  it("keeps a link that has stood for a while against a newcomer from elsewhere with the same id", async () => {
    const scene = new Scene();
    const older = await scene.session("a", "outbound", "192.0.2.1");
    await scene.clock.advance(11_000);
    const stranger = await scene.session("a", "inbound", "192.0.2.9");
    expect(staysOf(older, stranger, peerId("m"), scene.clock.now())).toBe(older);
    const same = await scene.session("a", "inbound", "192.0.2.1");
    expect(staysOf(older, same, peerId("m"), scene.clock.now())).toBe(same);
  });
});

describe("SessionTable", () => {
  it("finds sessions by number and by peer, and remembers who they were", async () => {
    const scene = new Scene();
    const table = new SessionTable();
    const session = await scene.session("a", "outbound", "192.0.2.1");
    table.add(session, "mem://1");
    expect([table.size, table.get(session.id), table.ofPeer(peerId("a"))]).toEqual([1, session, session]);
    session.downMeter.add(1, scene.clock.now());
    table.remove(session, peerId("a"), scene.clock.now());
    expect([table.size, table.get(session.id), table.ofPeer(peerId("a"))]).toEqual([0, undefined, undefined]);
    expect(table.identity(session.id)).toEqual({ peerId: peerId("a"), address: "192.0.2.1", dialed: "mem://1" });
  });

  it("forgets who sent something after ten minutes, when another goes", async () => {
    const scene = new Scene();
    const table = new SessionTable();
    const [first, second, third] = [
      await scene.session("a", "inbound"),
      await scene.session("b", "inbound"),
      await scene.session("c", "inbound"),
    ];
    for (const session of [first, second, third]) {
      session.downMeter.add(1, scene.clock.now());
      table.add(session, undefined);
    }
    table.remove(first, first.peerId, scene.clock.now());
    await scene.clock.advance(10 * 60_000 - 1);
    table.remove(second, second.peerId, scene.clock.now());
    expect(table.identity(first.id)?.peerId).toBe(first.peerId);
    await scene.clock.advance(1);
    table.remove(third, third.peerId, scene.clock.now());
    expect([table.identity(first.id), table.identity(second.id)?.peerId]).toEqual([undefined, second.peerId]);
  });

  it("forgets at once who sent nothing, and others when there are a thousand newer ones", async () => {
    const scene = new Scene();
    const table = new SessionTable();
    const [silent, sender] = [await scene.session("a", "inbound"), await scene.session("b", "inbound")];
    sender.downMeter.add(1, scene.clock.now());
    for (const session of [silent, sender]) {
      table.add(session, undefined);
      table.remove(session, session.peerId, scene.clock.now());
    }
    expect([table.identity(silent.id), table.identity(sender.id)?.peerId]).toEqual([undefined, sender.peerId]);
    for (let count = 0; count < 1_024; count++) {
      const next = await scene.session("c", "inbound");
      next.downMeter.add(1, scene.clock.now());
      table.add(next, undefined);
      table.remove(next, next.peerId, scene.clock.now());
    }
    expect(table.identity(sender.id)).toBeUndefined();
  });

  it.each([
    ["20 machines", (at: number) => `192.0.2.${at}`, true],
    ["20 times one machine", () => "192.0.2.1", false],
    ["20 peers on this machine", () => "127.0.0.1", true],
  ])("has enough with %s that have just come, and not ten seconds later", async (_, addressOf, isEnough) => {
    const scene = new Scene();
    const table = new SessionTable();
    for (let at = 0; at < 20; at++) {
      expect(table.hasEnough(scene.clock.now(), 0)).toBe(false);
      table.add(await scene.session(`peer${at}`, "inbound", addressOf(at)), undefined);
    }
    expect(table.hasEnough(scene.clock.now(), 0)).toBe(isEnough);
    await scene.clock.advance(10_000);
    expect(table.hasEnough(scene.clock.now(), 0)).toBe(false);
  });

  it("counts a link that is being opened twice, since others open some as well", async () => {
    const scene = new Scene();
    const table = new SessionTable();
    for (let at = 0; at < 14; at++) table.add(await scene.session(`peer${at}`, "inbound"), undefined);
    expect(table.hasEnough(scene.clock.now(), 2)).toBe(false);
    expect(table.hasEnough(scene.clock.now(), 3)).toBe(true);
  });

  it.each([
    { kib: 64, count: 20 },
    { kib: 32, count: 24 },
  ])("has enough with $count that have long brought $kib KiB/s each", async ({ kib, count }) => {
    const scene = new Scene();
    const sessions: PeerSession[] = [];
    for (let at = 0; at < count; at++) sessions.push(await scene.session(`peer${at}`, "inbound"));
    await scene.clock.advance(10_000);
    const now = scene.clock.now();
    const table = new SessionTable();
    for (const session of sessions) {
      expect(table.hasEnough(now, 0)).toBe(false);
      session.amInterested = true;
      session.remote.isChoking = false;
      // A meter's shortest time is a tenth of a second.
      session.downMeter.add((kib * 1024) / 10, now);
      table.add(session, undefined);
    }
    expect(table.hasEnough(now, 0)).toBe(true);
  });

  it("keeps the newer link of a peer when the older one goes", async () => {
    const scene = new Scene();
    const table = new SessionTable();
    const older = await scene.session("a", "outbound");
    const newer = await scene.session("a", "inbound");
    table.add(older, undefined);
    table.add(newer, undefined);
    table.remove(older, peerId("a"), scene.clock.now());
    expect(table.ofPeer(peerId("a"))).toBe(newer);
  });

  it("knows whether another peer that has sent something comes from an address", async () => {
    const scene = new Scene();
    const table = new SessionTable();
    const session = await scene.session("a", "inbound", "192.0.2.1");
    table.add(session, undefined);
    expect(table.sharesAddress("192.0.2.1", peerId("b"))).toBe(false);
    session.downMeter.add(1, scene.clock.now());
    expect(table.sharesAddress("192.0.2.1", peerId("a"))).toBe(false);
    expect(table.sharesAddress("192.0.2.1", peerId("b"))).toBe(true);
    expect(table.sharesAddress("192.0.2.2", peerId("b"))).toBe(false);
  });
});
