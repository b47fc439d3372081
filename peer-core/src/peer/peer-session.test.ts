import { afterEach, describe, expect, it } from "vitest";
import { concatBytes } from "../base/bytes.js";
import { ShoalError } from "../base/errors.js";
import { infoHashFromBytes, peerIdFromBytes } from "../base/ids.js";
import { ConnectionRecorder } from "../../testing/connection-recorder.js";
import { MemoryNetwork } from "../../testing/memory-network.js";
import { seededRandom } from "../../testing/seeded-random.js";
import { VirtualClock } from "../../testing/virtual-clock.js";
import type { CloseReason, Connection } from "../ports/connection.js";
import { encodeClose } from "../wire/extensions/close-message.js";
import { encodeExtendedHandshake, LOCAL_EXTENSIONS } from "../wire/extensions/extended-handshake.js";
import { encodeMessage } from "../wire/encode.js";
import { decodeHandshake, encodeHandshake, HANDSHAKE_BYTES } from "../wire/handshake.js";
import { BATCH_BYTES } from "./outbox.js";
import { PeerSession, type PeerMessage, type SessionOwner } from "./peer-session.js";

const SHARE = infoHashFromBytes(new Uint8Array(20).fill(1));
const OTHER_SHARE = infoHashFromBytes(new Uint8Array(20).fill(2));
const US = peerIdFromBytes(new Uint8Array(20).fill(3));
const THEM = peerIdFromBytes(new Uint8Array(20).fill(4));

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
class Dialogue {
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

  static async open(direction: "inbound" | "outbound"): Promise<Dialogue> {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: seededRandom(1) });
    const accepted: Connection[] = [];
    network.host("them").listen("mem://them", (connection) => accepted.push(connection));
    const ourEnd = await clock.settle(network.host("us").dialer.dial("mem://them", new AbortController().signal));
    const dialogue = new Dialogue(ourEnd, accepted[0]!, clock, direction === "inbound");
    await clock.advance(0);
    return dialogue;
  }

  /** Opened, with both handshakes through and nothing else said. */
  static async active(direction: "inbound" | "outbound" = "inbound"): Promise<Dialogue> {
    const dialogue = await Dialogue.open(direction);
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

function hello(options: { infoHash?: typeof SHARE; peerId?: typeof US } = {}): Uint8Array {
  const { infoHash = SHARE, peerId = THEM } = options;
  return encodeHandshake({ infoHash, peerId, supportsExtensions: true, supportsFast: true });
}

function extendedHandshake(blockMax?: number): Uint8Array {
  const payload = encodeExtendedHandshake({ extensions: { lt_donthave: 9 }, blockMax });
  return encodeMessage({ type: "extended", id: 0, payload });
}

const dialogues: Dialogue[] = [];
async function active(direction?: "inbound" | "outbound"): Promise<Dialogue> {
  const dialogue = await Dialogue.active(direction);
  dialogues.push(dialogue);
  return dialogue;
}

afterEach(async () => {
  for (const { session, clock } of dialogues.splice(0)) {
    session.close(1000, "end of the test");
    await clock.advance(10_000);
    expect(clock.pendingTimers).toBe(0);
  }
});

describe("PeerSession, shaking hands", () => {
  it("speaks first on a link that we dialled", async () => {
    const dialogue = await Dialogue.open("outbound");
    await dialogue.clock.advance(1);
    expect(decodeHandshake(dialogue.them.received)).toEqual({
      infoHash: SHARE,
      peerId: US,
      supportsExtensions: true,
      supportsFast: true,
    });
    expect(dialogue.session.inbound).toBe(false);
    expect(dialogue.owner.log).toEqual([]);
  });

  it("answers on a link that came in, once it knows the share", async () => {
    const dialogue = await Dialogue.open("inbound");
    await dialogue.clock.advance(1);
    expect(dialogue.them.length).toBe(0);
    await dialogue.say(hello());
    expect(decodeHandshake(dialogue.them.received).peerId).toBe(US);
    expect([dialogue.session.peerId, dialogue.session.isActive, dialogue.session.inbound]).toEqual([THEM, true, true]);
    expect(dialogue.owner.log).toEqual(["open", "batch"]);
  });

  it("knows no peer id before", async () => {
    const { session } = await Dialogue.open("inbound");
    expect(() => session.peerId).toThrow("Invariant");
  });

  it("gives up after five seconds without a handshake", async () => {
    const { clock, them, failed, owner } = await Dialogue.open("inbound");
    await clock.advance(4_999);
    expect(them.isClosed).toBe(false);
    await clock.advance(2);
    expect(them.closed).toMatchObject([{ code: 1002, remote: true }]);
    expect(failed).toMatchObject([{ code: 1002, remote: false }]);
    expect(owner.log).toEqual([]);
  });

  it("gives up just the same when the handshake is begun and never ended", async () => {
    const dialogue = await Dialogue.open("inbound");
    for (let second = 0; second < 5; second++) {
      await dialogue.say(hello().subarray(second, second + 1));
      await dialogue.clock.advance(999);
    }
    await dialogue.clock.advance(2);
    expect(dialogue.them.closed).toMatchObject([{ code: 1002 }]);
  });

  it.each<["inbound" | "outbound", string, Uint8Array, number]>([
    ["inbound", "an unknown info-hash", hello({ infoHash: OTHER_SHARE }), 4000],
    ["outbound", "another info-hash than was dialled for", hello({ infoHash: OTHER_SHARE }), 4000],
    ["inbound", "ourselves", hello({ peerId: US }), 4001],
    ["outbound", "ourselves", hello({ peerId: US }), 4001],
    ["inbound", "a web browser", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"), 1002],
  ])("refuses, %s, %s", async (direction, _, bytes, code) => {
    const dialogue = await Dialogue.open(direction);
    await dialogue.say(bytes);
    expect(dialogue.them.closed).toMatchObject([{ code, remote: true }]);
    expect(dialogue.failed).toMatchObject([{ code, remote: false }]);
    expect(dialogue.owner.log).toEqual([]);
    await dialogue.clock.advance(10_000);
    expect(dialogue.clock.pendingTimers).toBe(0);
  });

  it("tells of a link that is lost before it was open", async () => {
    const dialogue = await Dialogue.open("outbound");
    dialogue.session.close(1000, "no longer needed");
    dialogue.session.close(1002, "a second time");
    expect(dialogue.failed).toMatchObject([{ code: 1000 }]);
  });
});

describe("PeerSession, once open", () => {
  it("hands over messages in order, then asks once for the batch", async () => {
    const { owner, say } = bound(await active());
    owner.log.length = 0;
    await say(
      encodeMessage({ type: "have-none" }),
      encodeMessage({ type: "have", piece: 3 }),
      encodeMessage({ type: "unchoke" }),
    );
    expect(owner.log).toEqual(["have-none", "have", "unchoke", "batch"]);
  });

  it("keeps keep-alives, ports, unknown messages and unknown extensions to itself", async () => {
    const { owner, say } = bound(await active());
    owner.log.length = 0;
    const unknown = new Uint8Array([0, 0, 0, 2, 77, 1]);
    await say(
      encodeMessage({ type: "keep-alive" }),
      encodeMessage({ type: "port", port: 1 }),
      unknown,
      encodeMessage({ type: "extended", id: 200, payload: new Uint8Array(3) }),
    );
    expect(owner.log).toEqual(["batch"]);
  });

  it("passes over empty blocks, and counts them as messages", async () => {
    const dialogue = await Dialogue.active();
    const empty = encodeMessage({ type: "piece", piece: 0, begin: 0, block: new Uint8Array(0) });
    await dialogue.say(empty);
    expect(dialogue.owner.messages).toEqual([]);
    await dialogue.say(concatBytes(Array.from({ length: 51_000 }, () => empty)));
    expect(dialogue.owner.closed).toMatchObject({ code: 1002, message: "Too many messages" });
  });

  it("decodes extension messages under our ids and encodes them under theirs", async () => {
    const dialogue = await active();
    const { owner, session, them } = dialogue;
    session.sendExtension({ type: "dont-have", piece: 5 });
    await dialogue.clock.advance(1);
    expect(them.length).toBe(HANDSHAKE_BYTES);
    await dialogue.say(
      extendedHandshake(65_536),
      encodeMessage({ type: "extended", id: 2, payload: new Uint8Array(4) }),
    );
    expect(owner.messages).toMatchObject([{ type: "extended-handshake" }, { type: "dont-have", piece: 0 }]);
    expect(session.remote.blockMax).toBe(65_536);
    session.sendExtension({ type: "dont-have", piece: 5 });
    await dialogue.clock.advance(1);
    expect([...them.received.subarray(HANDSHAKE_BYTES)]).toEqual([0, 0, 0, 6, 20, 9, 0, 0, 0, 5]);
  });

  it("sends all that is queued in one turn as one write", async () => {
    const dialogue = await active();
    const before = dialogue.writes;
    for (let piece = 0; piece < 100; piece++) dialogue.session.send({ type: "have", piece });
    await dialogue.clock.advance(1);
    expect(dialogue.writes - before).toBe(1);
    expect(dialogue.them.length).toBe(HANDSHAKE_BYTES + 100 * 9);
  });

  it("counts what is queued in this turn as queued", async () => {
    const { session } = await active();
    expect(session.queuedBytes).toBe(0);
    session.send({ type: "have", piece: 1 });
    expect(session.queuedBytes).toBe(9);
  });

  it("sends no write longer than a batch", async () => {
    const dialogue = await active();
    const before = dialogue.writes;
    const bytes = new Uint8Array(100_000);
    for (let i = 0; i < 5; i++) dialogue.session.send({ type: "bitfield", bytes });
    await dialogue.clock.advance(1);
    expect(dialogue.writes - before).toBe(Math.ceil(5 / Math.floor(BATCH_BYTES / 100_005)));
  });

  it("keeps the order when a block overtakes nothing that was queued before", async () => {
    const dialogue = await active();
    dialogue.session.send({ type: "unchoke" });
    dialogue.session.sendFrame(encodeMessage({ type: "have", piece: 9 }));
    dialogue.session.send({ type: "choke" });
    await dialogue.clock.advance(1);
    const ids = dialogue.them.received.subarray(HANDSHAKE_BYTES);
    expect([ids[4], ids[9], ids[18]]).toEqual([1, 4, 0]);
  });

  it("closes with 1002 when a rule is broken, and hears nothing more", async () => {
    const { owner, say, them, session } = bound(await active());
    owner.onMessageOnce = () => {
      throw new ShoalError("wire", "There is no piece 3");
    };
    owner.log.length = 0;
    await say(encodeMessage({ type: "have", piece: 3 }), encodeMessage({ type: "unchoke" }));
    expect(owner.log).toEqual(["have", "closed"]);
    expect(owner.closed).toMatchObject({ code: 1002, message: "There is no piece 3", remote: false });
    expect(them.closed).toMatchObject([{ code: 1002, message: "There is no piece 3", remote: true }]);
    expect(session.isActive).toBe(false);
  });

  it("takes 50,000 messages at once and as many a second later, and closes for one more", async () => {
    const dialogue = await Dialogue.active();
    const keepAlive = encodeMessage({ type: "keep-alive" });
    const many = concatBytes(Array.from({ length: 50_000 }, () => keepAlive));
    await dialogue.say(many);
    await dialogue.clock.advance(1_000);
    await dialogue.say(many);
    expect(dialogue.session.isActive).toBe(true);
    await dialogue.say(concatBytes(Array.from({ length: 100 }, () => keepAlive)));
    expect(dialogue.owner.closed).toMatchObject({ code: 1002, message: "Too many messages" });
  });

  it("takes a second handshake for a protocol error", async () => {
    const { say, them } = bound(await active());
    await say(hello());
    expect(them.closed).toMatchObject([{ code: 1002 }]);
  });

  it("hands over nothing after the owner closed it in the middle of a batch", async () => {
    const { owner, say, session } = bound(await active());
    owner.log.length = 0;
    owner.onMessageOnce = () => session.close(1000, "enough");
    await say(encodeMessage({ type: "choke" }), encodeMessage({ type: "unchoke" }));
    expect(owner.log).toEqual(["choke", "closed"]);
  });

  it("sends what is queued before it closes, and nothing afterwards", async () => {
    const dialogue = await active();
    dialogue.session.send({ type: "choke" });
    dialogue.session.close(4003, "full");
    dialogue.session.send({ type: "unchoke" });
    dialogue.session.sendFrame(new Uint8Array(100));
    dialogue.session.close(1000, "again");
    await dialogue.clock.advance(1);
    expect(dialogue.them.length).toBe(HANDSHAKE_BYTES + 5);
    expect(dialogue.them.closed).toMatchObject([{ code: 4003, message: "full" }]);
    expect(dialogue.owner.log.filter((entry) => entry === "closed")).toHaveLength(1);
  });

  it("tells a peer that can hear it why it closes", async () => {
    const talk = await active();
    const payload = encodeExtendedHandshake({ extensions: { sh_close: 9 } });
    await talk.say(encodeMessage({ type: "extended", id: 0, payload }));
    talk.session.close(4004, "piece 17");
    await talk.clock.advance(1_000);
    const farewell = encodeMessage({
      type: "extended",
      id: 9,
      payload: encodeClose({ code: 4004, message: "piece 17" }),
    });
    expect(concatBytes([talk.them.received.slice(-farewell.length)])).toEqual(farewell);
  });

  it.each([
    [1000, { code: 4004, message: "piece 17", remote: true }],
    [4002, { code: 4002, message: "on the wire", remote: true }],
  ])("believes what the peer said of its close where the link says no more than %i", async (code, reason) => {
    const talk = await active();
    await talk.say(
      encodeMessage({
        type: "extended",
        id: LOCAL_EXTENSIONS.sh_close,
        payload: encodeClose({ code: 4004, message: "piece 17" }),
      }),
    );
    expect(talk.owner.closed).toBeUndefined();
    talk.hangUp(code, "on the wire");
    await talk.clock.advance(1_000);
    expect(talk.owner.closed).toEqual(reason);
    expect(talk.owner.log).not.toContain("close");
  });

  it("sends a keep-alive after 20 s of silence, and none while it speaks", async () => {
    const dialogue = await active();
    await dialogue.beat(19);
    expect(dialogue.them.length).toBe(HANDSHAKE_BYTES);
    await dialogue.beat(2);
    expect(dialogue.them.length).toBe(HANDSHAKE_BYTES + 4);
    dialogue.session.send({ type: "unchoke" });
    await dialogue.beat(19);
    expect(dialogue.them.length).toBe(HANDSHAKE_BYTES + 9);
  });

  it("gives up a peer of our kind after 45 s of silence", async () => {
    const dialogue = await active();
    await dialogue.say(extendedHandshake(262_144));
    await dialogue.beat(44);
    expect(dialogue.session.isActive).toBe(true);
    await dialogue.beat(2);
    expect(dialogue.owner.closed).toMatchObject({ code: 4005, remote: false });
  });

  it("gives up another client after 150 s of silence", async () => {
    const dialogue = await active();
    await dialogue.say(extendedHandshake());
    await dialogue.beat(149);
    expect(dialogue.session.isActive).toBe(true);
    await dialogue.beat(2);
    expect(dialogue.owner.closed).toMatchObject({ code: 4005 });
  });

  it("keeps a peer that sends keep-alives", async () => {
    const dialogue = await active();
    await dialogue.say(extendedHandshake(262_144));
    for (let turn = 0; turn < 5; turn++) {
      await dialogue.beat(40);
      await dialogue.say(encodeMessage({ type: "keep-alive" }));
    }
    expect(dialogue.session.isActive).toBe(true);
  });
});

/** The parts that a test names often. */
function bound(dialogue: Dialogue) {
  const { owner, them, session } = dialogue;
  return { owner, them, session, say: (...parts: readonly Uint8Array[]) => dialogue.say(...parts) };
}
