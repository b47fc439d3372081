import { beforeEach, describe, expect, it } from "vitest";
import { infoHashFromBytes, peerIdFromBytes, type PeerId } from "../../base/ids.js";
import { MemoryNetwork } from "../../../testing/memory-network.js";
import { createMicrotaskHasher } from "../../../testing/microtask-hasher.js";
import { seededRandom } from "../../../testing/seeded-random.js";
import { VirtualClock } from "../../../testing/virtual-clock.js";
import { PeerSession, type SessionOwner } from "../../peer/peer-session.js";
import type { Connection } from "../../ports/connection.js";
import { encodeHandshake } from "../../wire/handshake.js";
import { Connector } from "./connector.js";
import { Discipline } from "./discipline.js";
import { Reputation } from "./reputation.js";
import { SessionTable } from "./session-table.js";

const SHARE = infoHashFromBytes(new Uint8Array(20));
const MINUTE = 60_000;

function peerId(name: string): PeerId {
  return peerIdFromBytes(new Uint8Array(20).fill(name.charCodeAt(0)));
}

/** A discipline with real sessions on simulated links. */
class Scene {
  readonly clock = new VirtualClock();
  readonly sessions = new SessionTable();
  readonly bans: PeerId[] = [];
  readonly discipline: Discipline;
  readonly #network = new MemoryNetwork({ clock: this.clock, random: seededRandom(1) });
  #links = 0;

  constructor() {
    const runtime = { clock: this.clock, random: seededRandom(1), hasher: createMicrotaskHasher() };
    const connector = new Connector({
      runtime,
      dialer: { canDial: () => false, dial: () => Promise.reject(new Error("nobody is dialled here")) },
      hasRoom: () => true,
      isConnectedTo: () => false,
      openDoors: () => [],
      avoidsSeeds: () => false,
      onConnection: () => undefined,
    });
    this.discipline = new Discipline({
      clock: this.clock,
      reputation: new Reputation(),
      sessions: this.sessions,
      connector,
      onBanned: (id) => this.bans.push(id),
    });
  }

  /** An open session with the peer `name`. */
  async session(name: string, ipAddress = "office"): Promise<PeerSession> {
    const address = `mem://${++this.#links}`;
    const accepted: Connection[] = [];
    this.#network.host(address, { ipAddress }).listen(address, (link) => accepted.push(link));
    const { dialer } = this.#network.host(`us${address}`);
    const connection = await this.clock.settle(dialer.dial(address, new AbortController().signal));
    const nothing = () => undefined;
    const told = { onOpen: nothing, onMessage: nothing, onBatch: nothing, onDrain: nothing, onClosed: nothing };
    const owner: SessionOwner = { infoHash: SHARE, peerId: peerId("m"), ...told };
    const session = new PeerSession({ connection, clock: this.clock, owner, route: nothing });
    session.start();
    const [theirs] = accepted;
    theirs?.attach({ onBytes: nothing, onDrain: nothing, onClosed: nothing });
    theirs?.send(
      encodeHandshake({ infoHash: SHARE, peerId: peerId(name), supportsExtensions: true, supportsFast: true }),
    );
    await this.clock.runUntil(() => session.isActive, 1_000);
    this.sessions.add(session, undefined);
    return session;
  }

  close(...sessions: PeerSession[]): void {
    for (const session of sessions) this.sessions.remove(session, session.peerId, this.clock.now());
  }

  isBanned(session: PeerSession): boolean {
    return this.discipline.isBanned(session, undefined);
  }
}

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

describe("Discipline", () => {
  it("bans a peer once for a burst of bad pieces, for ten minutes", async () => {
    const liar = await scene.session("l");
    const honest = await scene.session("h");
    honest.amInterested = true;
    honest.remote.isChoking = false;
    for (let piece = 0; piece < 40; piece++) scene.discipline.punish(liar.id, `piece ${piece}`);
    expect(scene.bans).toEqual([peerId("l")]);
    await scene.clock.advance(10 * MINUTE - 1);
    expect(scene.isBanned(liar)).toBe(true);
    await scene.clock.advance(1);
    expect(scene.isBanned(liar)).toBe(false);
  });

  it("bans the only one that sends what we lack for 30 s at most, whoever else is connected", async () => {
    const liar = await scene.session("l");
    const choking = await scene.session("c");
    choking.amInterested = true;
    for (let piece = 0; piece < 2; piece++) scene.discipline.punish(liar.id, `piece ${piece}`);
    await scene.clock.advance(29_999);
    expect(scene.isBanned(liar)).toBe(true);
    await scene.clock.advance(1);
    expect(scene.isBanned(liar)).toBe(false);
  });

  it("lets in another peer from the address of one that is banned, though it has sent nothing yet", async () => {
    const liar = await scene.session("l");
    for (let piece = 0; piece < 40; piece++) scene.discipline.punish(liar.id, `piece ${piece}`);
    expect(scene.isBanned(await scene.session("h"))).toBe(false);
  });

  it("asks nothing of an address from which two peers were banned, while others offer it and no good peer shares it", async () => {
    const [one, other] = [await scene.session("l"), await scene.session("k")];
    const elsewhere = await scene.session("e", "home");
    for (const liar of [one, one, other, other]) scene.discipline.punish(liar.id, "piece 1");
    const newcomer = await scene.session("n");
    const isHeldBack = () => scene.discipline.isHeldBack(newcomer);
    expect([scene.isBanned(newcomer), isHeldBack()]).toEqual([false, false]);
    for (const willing of [elsewhere, newcomer]) {
      willing.amInterested = true;
      willing.remote.isChoking = false;
    }
    expect([isHeldBack(), scene.discipline.isHeldBack(elsewhere)]).toEqual([true, false]);
    const good = await scene.session("g");
    good.downMeter.add(16_384, scene.clock.now());
    expect(isHeldBack()).toBe(false);
  });

  it("asks the peers of a suspect address when they are all there is", async () => {
    const [one, other] = [await scene.session("l"), await scene.session("k")];
    for (const liar of [one, one, other, other]) scene.discipline.punish(liar.id, "piece 1");
    scene.close(one, other);
    const newcomers = [await scene.session("n"), await scene.session("o")];
    for (const newcomer of newcomers) {
      newcomer.amInterested = true;
      newcomer.remote.isChoking = false;
    }
    expect(newcomers.map((newcomer) => scene.discipline.isHeldBack(newcomer))).toEqual([false, false]);
  });
});
