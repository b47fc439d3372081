import { afterEach, expect } from "vitest";
import { concatBytes } from "../src/base/bytes.js";
import { infoHashFromBytes, peerIdFromBytes } from "../src/base/ids.js";
import { PeerSession, type PeerMessage, type SessionOwner } from "../src/peer/peer-session.js";
import type { CloseReason, Connection } from "../src/ports/connection.js";
import { encodeHandshake } from "../src/wire/handshake.js";
import { ConnectionRecorder } from "./connection-recorder.js";
import { MemoryNetwork } from "./memory-network.js";
import { seededRandom } from "./seeded-random.js";
import { VirtualClock } from "./virtual-clock.js";

/** The share that a dialogue is about, another one, and who we are in it and who they are. */
export const SHARE = infoHashFromBytes(new Uint8Array(20).fill(1));
export const OTHER_SHARE = infoHashFromBytes(new Uint8Array(20).fill(2));
export const US = peerIdFromBytes(new Uint8Array(20).fill(3));
export const THEM = peerIdFromBytes(new Uint8Array(20).fill(4));

/** A swarm that writes down what it is told. */
class RecordingOwner implements SessionOwner {
  readonly infoHash = SHARE;
  readonly peerId = US;
  readonly log: string[] = [];
  readonly messages: PeerMessage[] = [];
  closed: CloseReason | undefined;
  onMessageOnce: (() => void) | undefined;

  onOpen(): void {
    this.log.push("open");
  }
  onMessage(_session: PeerSession, message: PeerMessage): void {
    this.log.push(message.type);
    this.messages.push(structuredClone(message));
    const react = this.onMessageOnce;
    this.onMessageOnce = undefined;
    react?.();
  }
  onBatch(): void {
    this.log.push("batch");
  }
  onDrain(): void {
    this.log.push("drain");
  }
  onClosed(_session: PeerSession, reason: CloseReason): void {
    this.log.push("closed");
    this.closed = reason;
  }
}

/** A session of ours on one end of a simulated link, a recorder that speaks bytes on the other. */
export class SessionDialogue {
  readonly clock = new VirtualClock();
  readonly owner = new RecordingOwner();
  readonly failed: CloseReason[] = [];
  readonly session: PeerSession;
  readonly them: ConnectionRecorder;
  readonly #theirEnd: Connection;

  private constructor(ourEnd: Connection, theirEnd: Connection, clock: VirtualClock, inbound: boolean) {
    this.clock = clock;
    this.#theirEnd = theirEnd;
    this.them = new ConnectionRecorder(theirEnd);
    this.session = new PeerSession({
      connection: ourEnd,
      clock,
      owner: inbound ? undefined : this.owner,
      route: ({ infoHash }) => (infoHash === SHARE ? this.owner : undefined),
      onFailed: (reason) => this.failed.push(reason),
    });
    this.session.start();
  }

  static async open(direction: "inbound" | "outbound"): Promise<SessionDialogue> {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: seededRandom(1) });
    const accepted: Connection[] = [];
    network.host("them").listen("mem://them", (connection) => accepted.push(connection));
    const ourEnd = await clock.settle(network.host("us").dialer.dial("mem://them", new AbortController().signal));
    const [theirEnd] = accepted;
    if (theirEnd === undefined) throw new Error("Nobody was accepted");
    const dialogue = new SessionDialogue(ourEnd, theirEnd, clock, direction === "inbound");
    await clock.advance(0);
    return dialogue;
  }

  /** Opened, with both handshakes through and nothing else said. */
  static async active(direction: "inbound" | "outbound" = "inbound"): Promise<SessionDialogue> {
    const dialogue = await SessionDialogue.open(direction);
    await dialogue.say(hello());
    return dialogue;
  }

  async say(...parts: readonly Uint8Array[]): Promise<void> {
    this.#theirEnd.send(concatBytes(parts));
    await this.clock.advance(1);
  }

  /** The other side closes. */
  hangUp(code: number, message: string): void {
    this.#theirEnd.close(code, message);
  }

  /** Writes that have reached the other side. */
  get writes(): number {
    return this.them.events.filter((event) => event === "bytes").length;
  }

  /** Beats as the swarm does, once a second. */
  async beat(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await this.clock.advance(1_000);
      if (this.session.isActive) this.session.heartbeat(this.clock.now());
    }
    await this.clock.advance(1);
  }
}

/** Returns what opens dialogues for the tests of a file; after each test, nothing of them may be left. */
export function useDialogues(): (direction?: "inbound" | "outbound") => Promise<SessionDialogue> {
  const dialogues: SessionDialogue[] = [];
  afterEach(async () => {
    for (const { session, clock } of dialogues.splice(0)) {
      session.close(1000, "end of the test");
      await clock.advance(10_000);
      expect(clock.pendingTimers).toBe(0);
    }
  });
  return async (direction) => {
    const dialogue = await SessionDialogue.active(direction);
    dialogues.push(dialogue);
    return dialogue;
  };
}

/** Their handshake. */
export function hello(options: { infoHash?: typeof SHARE; peerId?: typeof US } = {}): Uint8Array {
  const { infoHash = SHARE, peerId = THEM } = options;
  return encodeHandshake({ infoHash, peerId, supportsExtensions: true, supportsFast: true });
}
