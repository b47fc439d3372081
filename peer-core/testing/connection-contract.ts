import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { equalBytes } from "../src/base/bytes.js";
import type { Connection } from "../src/ports/connection.js";
import { ConnectionRecorder } from "./connection-recorder.js";
import { seededRandom } from "./seeded-random.js";

/** Two ends of one link, and the means to let time pass for it. */
export interface ConnectionPair {
  /** The dialler's end and the acceptor's; nobody is attached to either. */
  readonly a: Connection;
  readonly b: Connection;
  /** Lets time run until `holds` does; throws when it does not within about 10 s. */
  readonly until: (holds: () => boolean) => Promise<void>;
  /** Lets everything happen that is on its way, and a little more. */
  readonly quiet: () => Promise<void>;
  /** Breaks the link without a word to either side. */
  readonly cut: () => void;
  readonly dispose: () => Promise<void>;
}

/** What the transport is able to. */
export interface ConnectionKind {
  /** False: the other side sees 1000 and no message whatever the reason was. */
  readonly carriesReason: boolean;
}

const MIB = 1024 * 1024;

/** Registers the tests that every adapter of `Connection` passes: each sentence of the port. */
export function describeConnection(
  name: string,
  makePair: () => Promise<ConnectionPair>,
  kind: ConnectionKind = { carriesReason: true },
): void {
  describe(`Connection: ${name}`, () => {
    let pair: ConnectionPair;
    beforeEach(async () => {
      pair = await makePair();
    });
    afterEach(() => pair.dispose());
    const getPair = (): ConnectionPair => pair;
    describeDelivery(getPair);
    describeBackPressure(getPair, kind);
    describeClosing(getPair, (code, message) => (kind.carriesReason ? { code, message } : { code: 1000, message: "" }));
    if (kind.carriesReason) describeReasons(getPair);
    describeLoss(getPair);
  });
}

function describeDelivery(getPair: () => ConnectionPair): void {
  it("says what it is connected to and starts with nothing queued", () => {
    const { a, b } = getPair();
    expect(a.label).not.toBe("");
    expect(b.label).not.toBe("");
    expect(a.queuedBytes).toBe(0);
    expect(a.drainBytes).toBeGreaterThanOrEqual(64 * 1024);
  });

  it("delivers bytes in order in both directions, whatever their sizes", async () => {
    const { a, b, until } = getPair();
    const [atA, atB] = [new ConnectionRecorder(a), new ConnectionRecorder(b)];
    const random = seededRandom(7);
    const [fromA, fromB] = [random.bytes(300_000), random.bytes(200_000)];
    sendCut(a, fromA, () => 1 + random.int(random.pick([2, 100, 30_000])));
    sendCut(b, fromB, () => 1 + random.int(random.pick([2, 100, 30_000])));
    await until(() => atA.length >= fromB.length && atB.length >= fromA.length);
    expect(equalBytes(atB.received, fromA)).toBe(true);
    expect(equalBytes(atA.received, fromB)).toBe(true);
  });

  it("hands over plain arrays, whose slice copies", async () => {
    const { a, b, until } = getPair();
    new ConnectionRecorder(a);
    let isPlain: boolean | undefined;
    b.attach({
      onBytes: (bytes) => (isPlain = Object.getPrototypeOf(bytes) === Uint8Array.prototype),
      onDrain: () => undefined,
      onClosed: () => undefined,
    });
    a.send(new Uint8Array(100));
    await until(() => isPlain !== undefined);
    expect(isPlain).toBe(true);
  });

  it("keeps what comes before somebody is attached, and delivers it asynchronously", async () => {
    const { a, b, until, quiet } = getPair();
    new ConnectionRecorder(a);
    const early = seededRandom(1).bytes(50_000);
    a.send(early.slice());
    await quiet();
    const atB = new ConnectionRecorder(b);
    expect(atB.length).toBe(0);
    await until(() => atB.length >= early.length);
    expect(equalBytes(atB.received, early)).toBe(true);
  });

  it("tells late of a link that closed before somebody was attached, after what came before", async () => {
    const { a, b, until, quiet } = getPair();
    const atA = new ConnectionRecorder(a);
    a.send(new Uint8Array(10));
    a.close(1000, "done");
    await until(() => atA.isClosed);
    await quiet();
    const atB = new ConnectionRecorder(b);
    expect(atB.events).toEqual([]);
    await until(() => atB.isClosed);
    expect(atB.length).toBe(10);
    expect(atB.events.at(-1)).toBe("closed");
  });

  it("answers from within a delivery", async () => {
    const { a, b, until } = getPair();
    const [atA, atB] = [new ConnectionRecorder(a), new ConnectionRecorder(b)];
    atB.react = (event) => event === "bytes" && atB.length < 100 && b.send(new Uint8Array(1));
    atA.react = (event) => event === "bytes" && a.send(new Uint8Array(1));
    a.send(new Uint8Array(1));
    await until(() => atB.length === 100);
    expect(atA.length).toBe(99);
  });
}

function describeBackPressure(getPair: () => ConnectionPair, { carriesReason }: ConnectionKind): void {
  it("moves 8 MiB each way at once, drained by both sides, without loss or change", { timeout: 30_000 }, async () => {
    const { a, b, until } = getPair();
    const [atA, atB] = [new ConnectionRecorder(a), new ConnectionRecorder(b)];
    const [fromA, fromB] = [seededRandom(3).bytes(8 * MIB), seededRandom(4).bytes(8 * MIB)];
    pump(a, atA, fromA);
    pump(b, atB, fromB);
    await until(() => atA.length >= fromB.length && atB.length >= fromA.length);
    expect(equalBytes(atB.received, fromA)).toBe(true);
    expect(equalBytes(atA.received, fromB)).toBe(true);
  });

  it("says once that it has drained after the queue was above the level, and not otherwise", async () => {
    const { a, b, until, quiet } = getPair();
    const [atA, atB] = [new ConnectionRecorder(a), new ConnectionRecorder(b)];
    a.send(new Uint8Array(1000));
    await until(() => atB.length === 1000);
    await quiet();
    expect(atA.events).toEqual([]);
    let sent = 1000;
    let queuedAtDrain: number | undefined;
    atA.react = () => (queuedAtDrain = a.queuedBytes);
    while (a.queuedBytes <= a.drainBytes) {
      a.send(new Uint8Array(64 * 1024));
      sent += 64 * 1024;
    }
    expect(atA.events).toEqual([]);
    // A browser has to be asked what has left: that may come after the last byte has arrived.
    await until(() => atB.length === sent && atA.events.length > 0);
    await quiet();
    expect(atA.events).toEqual(["drain"]);
    expect(queuedAtDrain).toBeLessThanOrEqual(a.drainBytes);
    expect(a.queuedBytes).toBe(0);
  });

  it("gives up on a side that lets more than 4 MiB wait", async () => {
    const { a, b, until } = getPair();
    const [atA, atB] = [new ConnectionRecorder(a), new ConnectionRecorder(b)];
    for (let i = 0; i < 400; i++) a.send(new Uint8Array(64 * 1024));
    expect(atA.isClosed).toBe(false);
    await until(() => atA.isClosed && atB.isClosed);
    expect(atA.closed).toMatchObject([{ code: 1006, remote: true }]);
    // Some kernels tell of a reset behind unread data as of an end.
    expect(atB.closed).toMatchObject([carriesReason ? { code: 1006, remote: true } : { remote: true }]);
  });
}

/** What the other side is told of a reason. */
type Carried = (code: number, message: string) => { readonly code: number; readonly message: string };

function describeClosing(getPair: () => ConnectionPair, carried: Carried): void {
  it("sends what is queued and then closes, with code, message and side on both ends", async () => {
    const { a, b, until } = getPair();
    const [atA, atB] = [new ConnectionRecorder(a), new ConnectionRecorder(b)];
    const last = seededRandom(9).bytes(MIB);
    sendCut(a, last, () => 100_000);
    a.close(4002, "duplicate");
    expect(atA.isClosed).toBe(false);
    await until(() => atA.isClosed && atB.isClosed);
    expect(equalBytes(atB.received, last)).toBe(true);
    expect(atA.closed).toEqual([{ code: 4002, message: "duplicate", remote: false }]);
    expect(atB.closed).toEqual([{ ...carried(4002, "duplicate"), remote: true }]);
    expect(atB.events.at(-1)).toBe("closed");
  });

  it("asks for the close once: the first code and message count", async () => {
    const { a, b, until, quiet } = getPair();
    const [atA, atB] = [new ConnectionRecorder(a), new ConnectionRecorder(b)];
    a.close(4004, "first");
    a.close(4005, "second");
    await until(() => atA.isClosed && atB.isClosed);
    a.close(4006, "third");
    await quiet();
    expect(atA.closed).toEqual([{ code: 4004, message: "first", remote: false }]);
    expect(atB.closed).toEqual([{ ...carried(4004, "first"), remote: true }]);
  });

  it("tells each side of its own close when both close at once", async () => {
    const { a, b, until, quiet } = getPair();
    const [atA, atB] = [new ConnectionRecorder(a), new ConnectionRecorder(b)];
    a.close(4001, "from a");
    b.close(4002, "from b");
    await until(() => atA.isClosed && atB.isClosed);
    await quiet();
    expect(atA.closed).toEqual([{ code: 4001, message: "from a", remote: false }]);
    expect(atB.closed).toEqual([{ code: 4002, message: "from b", remote: false }]);
  });

  it("ignores what is sent after its close, or after the other side's", async () => {
    const { a, b, until, quiet } = getPair();
    const [atA, atB] = [new ConnectionRecorder(a), new ConnectionRecorder(b)];
    a.send(new Uint8Array(5));
    a.close(1000, "done");
    a.send(new Uint8Array(7));
    await until(() => atA.isClosed && atB.isClosed);
    a.send(new Uint8Array(7));
    b.send(new Uint8Array(7));
    await quiet();
    expect(atB.length).toBe(5);
    expect(atA.length).toBe(0);
    expect([a.queuedBytes, b.queuedBytes]).toEqual([0, 0]);
    expect([atA.events.at(-1), atB.events.at(-1)]).toEqual(["closed", "closed"]);
  });

  it("delivers nothing to a side that has closed, not even what had arrived with it", async () => {
    const { a, b, until, quiet } = getPair();
    const [atA, atB] = [new ConnectionRecorder(a), new ConnectionRecorder(b)];
    atB.react = (event) => {
      if (event === "bytes") b.close(1002, "enough");
    };
    for (let i = 0; i < 100; i++) a.send(new Uint8Array(10));
    await until(() => atA.isClosed && atB.isClosed);
    await quiet();
    expect(atB.events).toEqual(["bytes", "closed"]);
  });
}

function describeReasons(getPair: () => ConnectionPair): void {
  it.each([1000, 1002, 4000, 4006])("carries close code %i in both directions", async (code) => {
    const { a, b, until } = getPair();
    const [atA, atB] = [new ConnectionRecorder(a), new ConnectionRecorder(b)];
    const closer = code % 2 === 0 && code !== 4000 ? b : a;
    closer.close(code, "because");
    await until(() => atA.isClosed && atB.isClosed);
    expect([atA.closed[0]?.code, atB.closed[0]?.code]).toEqual([code, code]);
  });

  it("cuts a close message to what fits, between characters", async () => {
    const { a, b, until } = getPair();
    const [atA, atB] = [new ConnectionRecorder(a), new ConnectionRecorder(b)];
    a.close(4004, "é".repeat(200));
    await until(() => atA.isClosed && atB.isClosed);
    expect(atB.closed[0]?.message).toMatch(/^é+$/);
  });
}

function describeLoss(getPair: () => ConnectionPair): void {
  it("tells both sides of a loss with 1006, exactly once", async () => {
    const { a, b, until, quiet, cut } = getPair();
    const [atA, atB] = [new ConnectionRecorder(a), new ConnectionRecorder(b)];
    a.send(new Uint8Array(10));
    await until(() => atB.length === 10);
    cut();
    await until(() => atA.isClosed && atB.isClosed);
    a.close(1000, "too late");
    await quiet();
    expect(atA.closed).toMatchObject([{ code: 1006, remote: true }]);
    expect(atB.closed).toMatchObject([{ code: 1006, remote: true }]);
  });
}

/** Sends a copy of `bytes` in parts of the sizes that `next` says. */
function sendCut(connection: Connection, bytes: Uint8Array, next: () => number): void {
  for (let at = 0; at < bytes.length;) {
    const size = next();
    connection.send(bytes.slice(at, at + size));
    at += size;
  }
}

/** Sends a copy of `bytes` as a polite sender does: while the queue is at the drain level or below, and again on drain. */
function pump(connection: Connection, recorder: ConnectionRecorder, bytes: Uint8Array): void {
  let at = 0;
  const send = (): void => {
    while (at < bytes.length && connection.queuedBytes <= connection.drainBytes) {
      connection.send(bytes.slice(at, at + 100_000));
      at += 100_000;
    }
  };
  recorder.react = (event) => event === "drain" && send();
  send();
}
