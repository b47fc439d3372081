import { beforeEach, describe, expect, it } from "vitest";
import { createMicrotaskHasher } from "../../testing/microtask-hasher.js";
import { MemoryWeb } from "../../testing/memory-web.js";
import { seededRandom } from "../../testing/seeded-random.js";
import { shareOf, type TestShare } from "../../testing/share-of.js";
import { VirtualClock } from "../../testing/virtual-clock.js";
import { ShoalError } from "../base/errors.js";
import { peerIdFromBytes } from "../base/ids.js";
import type { Connection } from "../ports/connection.js";
import { encodeMessage } from "../wire/encode.js";
import { encodeHandshake } from "../wire/handshake.js";
import { WebSeedDialer } from "./web-seed-dialer.js";

const SEED = "http://seed.example/file";
const HOUR = 3_600_000;

let share: TestShare;
beforeEach(async () => {
  share = await shareOf([["file", 100]], { name: "file" });
});

/** A dialer for web seeds; all other addresses are refused by name. */
class Scene {
  readonly web = new MemoryWeb();
  readonly clock = new VirtualClock();
  readonly warnings: string[] = [];
  readonly dialer: WebSeedDialer;

  constructor(urls: readonly string[] = [SEED], hasSource = true) {
    this.dialer = new WebSeedDialer({
      infoHash: share.metainfo.infoHash,
      urls,
      source: hasSource ? this.web : undefined,
      runtime: { clock: this.clock, random: seededRandom(1), hasher: createMicrotaskHasher() },
      peers: {
        canDial: (address) => address.startsWith("ws:"),
        dial: (address) => Promise.reject(new ShoalError("connection", `peers were asked for ${address}`)),
      },
      onWarning: (message) => this.warnings.push(message),
    });
  }

  dial(address = SEED): Promise<Connection> {
    return this.dialer.dial(address, new AbortController().signal);
  }

  /** Asks for the first byte and waits for what comes of it. */
  async use(): Promise<void> {
    const connection = await this.dial();
    const { infoHash } = share.metainfo;
    const peerId = peerIdFromBytes(new Uint8Array(20));
    connection.attach({ onBytes: () => undefined, onDrain: () => undefined, onClosed: () => undefined });
    connection.send(encodeHandshake({ infoHash, peerId, supportsExtensions: true, supportsFast: true }));
    connection.send(encodeMessage({ type: "request", piece: 0, begin: 0, length: 1 }));
    await this.clock.advance(1);
  }
}

describe("WebSeedDialer", () => {
  it("dials the share's web seeds once the metainfo is known, no other web address, and peers as before", async () => {
    const { dialer, dial } = (() => {
      const scene = new Scene();
      return { dialer: scene.dialer, dial: (address: string) => scene.dial(address) };
    })();
    expect([dialer.canDial(SEED), dialer.canDial("ws://h/peer")]).toEqual([false, true]);
    expect(dialer.describe(share.metainfo)).toEqual([SEED]);
    expect([dialer.canDial(SEED), dialer.canDial("http://seed.example/other")]).toEqual([true, false]);
    expect((await dial(SEED)).label).toBe(SEED);
    await expect(dial("ws://h/peer")).rejects.toMatchObject({ message: "peers were asked for ws://h/peer" });
    await expect(dial("http://seed.example/other")).rejects.toMatchObject({ code: "connection" });
  });

  it("has no web seeds where nothing can be fetched", () => {
    const { dialer } = new Scene([SEED], false);
    expect(dialer.describe(share.metainfo)).toEqual([]);
    expect(dialer.canDial(SEED)).toBe(false);
  });

  it("refuses a private web seed with a query, and says so once", async () => {
    const url = "http://192.168.0.1/file?reboot=1";
    const scene = new Scene([url]);
    scene.dialer.describe(share.metainfo);
    for (let time = 0; time < 2; time++) await expect(scene.dial(url)).rejects.toMatchObject({ code: "connection" });
    expect(scene.warnings).toEqual([
      `Web seed ${url}: a web seed in a private network may have no query; it is not used for now`,
    ]);
    expect(scene.web.requests).toEqual([]);
  });

  it("lets a seed without the file rest for an hour, and then tries again", async () => {
    const scene = new Scene();
    scene.dialer.describe(share.metainfo);
    await scene.use();
    expect(scene.warnings).toEqual([`Web seed ${SEED}: the server answers 404; it is not used for now`]);
    await expect(scene.dial()).rejects.toMatchObject({ code: "connection" });
    await scene.clock.advance(HOUR);
    await scene.use();
    expect(scene.web.requests).toHaveLength(2);
    expect(scene.warnings).toHaveLength(1);
  });

  it("gives one URL the same peer id every time and another one another", async () => {
    const other = "http://other.example/file";
    const scene = new Scene([SEED, other]);
    scene.dialer.describe(share.metainfo);
    const ids = await Promise.all([SEED, SEED, other].map(async (url) => await handshakeOf(await scene.dial(url))));
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
  });

  it("rejects with `aborted` when the signal has fired", async () => {
    const { dialer } = new Scene();
    dialer.describe(share.metainfo);
    const abort = new AbortController();
    abort.abort();
    await expect(dialer.dial(SEED, abort.signal)).rejects.toMatchObject({ name: "ShoalError", code: "aborted" });
  });
});

/** The peer id in its handshake, as text. */
function handshakeOf(connection: Connection): Promise<string> {
  const { infoHash } = share.metainfo;
  const peerId = peerIdFromBytes(new Uint8Array(20));
  return new Promise((resolve) => {
    connection.attach({
      onBytes: (bytes) => bytes[0] === 19 && resolve(String.fromCharCode(...bytes.subarray(48))),
      onDrain: () => undefined,
      onClosed: () => undefined,
    });
    connection.send(encodeHandshake({ infoHash, peerId, supportsExtensions: true, supportsFast: true }));
  });
}
