import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createCryptoRandom, createSystemClock } from "@shoal/peer-core/platform";
import { describeTrackerChannel, VirtualClock } from "@shoal/peer-core/testing";
import { infoHashFromBytes, peerIdFromBytes } from "@shoal/peer-core/torrent";
import type { AnnounceRequest, Clock, TrackerChannel } from "@shoal/peer-core";
import { createTracker } from "@shoal/tracker";
import { afterEach, describe, expect, it } from "vitest";
import { createUdpTrackerChannel } from "../../node-peer/src/trackers/udp-tracker-channel.js";
import { startTheirTracker } from "../support/their-tracker.js";
import {
  announced,
  connected,
  CONNECTION_ID,
  gatewayTo,
  refused,
  UdpTracker,
  type UdpAnswer,
} from "../support/udp-tracker.js";

const never = new AbortController().signal;
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function channelTo(url: string, clock: Clock = createSystemClock()): TrackerChannel {
  return createUdpTrackerChannel(url, { clock, random: createCryptoRandom() });
}

/** A line that is closed after the test. */
function lineTo(url: string, clock?: Clock): TrackerChannel {
  const line = channelTo(url, clock);
  closers.push(() => line.close());
  return line;
}

describeTrackerChannel(
  "UDP to our own tracker, through a gateway",
  async () => {
    const tracker = createTracker({ announceRate: 0 });
    const server = createServer((request, response) => void tracker.handleRequest(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const gateway = await UdpTracker.start(
      gatewayTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/announce`),
    );
    const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
    return {
      open: () => channelTo(gateway.url),
      openUnreachable: () => channelTo("udp://127.0.0.1:1"),
      endpoints: ["tcp://127.0.0.1:7001", "tcp://127.0.0.1:7002"],
      announcing: (endpoint) => ({ port: Number(new URL(endpoint).port) }),
      loseLines: () => undefined,
      settle: (promise) => promise,
      until: async (holds) => {
        while (!holds()) await turn();
      },
      quiet: turn,
      dispose: async () => {
        await tracker.close();
        gateway.close();
        server.close();
        server.closeAllConnections();
      },
    };
  },
  { keepsLines: false, namesPeers: false },
);

const infoHash = infoHashFromBytes(new Uint8Array(20).fill(0xf1));
const seed: AnnounceRequest = {
  infoHash,
  peerId: peerIdFromBytes(new Uint8Array(20).fill(1)),
  uploaded: 2 ** 40,
  downloaded: 3,
  left: 0,
  event: "started",
  numWant: 50,
  port: 7001,
};
const leech: AnnounceRequest = { ...seed, peerId: peerIdFromBytes(new Uint8Array(20).fill(2)), left: 5, port: 7002 };

describe("a line to bittorrent-tracker over UDP", () => {
  it.each(["udp", "udp6"] as const)("announces, completes, scrapes and stops by %s", async (family) => {
    const tracker = await startTheirTracker();
    closers.push(() => tracker.close());
    const [a, b] = [lineTo(tracker[family]), lineTo(tracker[family])];
    const host = family === "udp" ? "127.0.0.1" : "[::1]";
    expect(await a.announce(seed, never)).toMatchObject({ intervalSeconds: 90, seeds: 1, leeches: 0 });
    const joined = await b.announce(leech, never);
    expect(joined).toMatchObject({ seeds: 1, leeches: 1 });
    // Its replies carry IPv4 peers only.
    if (family === "udp") {
      expect(joined.peers).toContainEqual({ peerId: undefined, endpoint: `tcp://${host}:7001` });
    }
    expect(await b.announce({ ...leech, left: 0, event: "completed" }, never)).toMatchObject({ seeds: 2, leeches: 0 });
    expect(await a.scrape(infoHash, never)).toMatchObject({ seeds: 2, leeches: 0 });
    expect(await a.announce({ ...seed, event: "stopped", numWant: 0 }, never)).toMatchObject({ seeds: 1, peers: [] });
    expect(b.address).toBe(host.replace(/[[\]]/g, ""));
  });
});

async function trackerThat(answer: UdpAnswer): Promise<UdpTracker> {
  const tracker = await UdpTracker.start(answer);
  closers.push(() => tracker.close());
  return tracker;
}

const PEER = Buffer.from([192, 0, 2, 1, 0x1a, 0xe1]);
const good: UdpAnswer = (request) => [
  request.action === 0 ? connected(request) : announced(request, [120, 4, 3], PEER),
];

describe("a line to a strange UDP tracker", () => {
  it("says all that BEP 15 has a place for", async () => {
    const tracker = await trackerThat(good);
    const path = `/${"k".repeat(300)}/announce?x=1`;
    await lineTo(`${tracker.url}${path}`).announce(seed, never);
    const { packet, connection } = tracker.asked[1] ?? { packet: Buffer.alloc(0), connection: 0n };
    expect(connection).toBe(CONNECTION_ID);
    expect(packet.toString("hex", 16, 88)).toBe(
      [infoHash, seed.peerId, "0000000000000003", "0000000000000000", "0000010000000000", "00000002", "00000000"].join(
        "",
      ),
    );
    expect([packet.readInt32BE(92), packet.readUInt16BE(96)]).toEqual([50, 7001]);
    const options = packet.subarray(98);
    expect([options[0], options[1], options[257], options[258]]).toEqual([2, 255, 2, path.length - 255]);
    expect(Buffer.concat([options.subarray(2, 257), options.subarray(259)]).toString()).toBe(path);
  });

  it("asks for a new connection id after a minute, not before", async () => {
    const clock = new VirtualClock();
    const tracker = await trackerThat(good);
    const line = lineTo(tracker.url, clock);
    await line.announce(seed, never);
    await clock.advance(59_000);
    await line.announce(seed, never);
    await clock.advance(2_000);
    await line.announce(seed, never);
    expect(tracker.asked.map(({ action }) => action)).toEqual([0, 1, 1, 0, 1]);
  });

  it("asks for one connection id for all who wait", async () => {
    const tracker = await trackerThat(good);
    const line = lineTo(tracker.url);
    await Promise.all([line.announce(seed, never), line.announce(leech, never), line.announce(seed, never)]);
    expect(tracker.asked.map(({ action }) => action)).toEqual([0, 1, 1, 1]);
  });

  it("sends again what was lost, then gives up", async () => {
    const clock = new VirtualClock();
    let lost = 2;
    const tracker = await trackerThat((request) => (lost-- > 0 ? [] : good(request)));
    const line = lineTo(tracker.url, clock);
    const answered = line.announce(seed, never);
    await tracker.hears(1);
    await clock.advance(3_000);
    await tracker.hears(2);
    await clock.advance(6_000);
    expect(await answered).toMatchObject({ seeds: 3, leeches: 4 });
    expect(new Set(tracker.asked.slice(0, 3).map(({ transaction }) => transaction)).size).toBe(1);
    lost = 10;
    const failure = expect(line.announce(seed, never)).rejects.toThrow(/did not answer 3 packets/);
    await tracker.hears(5);
    await clock.advance(30_000);
    await failure;
  });

  it("renews a connection id that the tracker has forgotten, once", async () => {
    let forgotten = 0n;
    let ids = CONNECTION_ID;
    const tracker = await trackerThat((request) => {
      if (request.action === 0) return [connected(request, ++ids)];
      return request.connection === forgotten ? [refused(request, "Connection ID mismatch")] : good(request);
    });
    const line = lineTo(tracker.url);
    await line.announce(seed, never);
    forgotten = ids;
    expect(await line.announce(seed, never)).toMatchObject({ seeds: 3 });
    expect(tracker.asked.map(({ action }) => action)).toEqual([0, 1, 1, 0, 1]);
  });

  it("fails with what the tracker says", async () => {
    const tracker = await trackerThat((request) =>
      request.action === 0 ? [connected(request)] : [refused(request, "not registered")],
    );
    const failure = lineTo(`${tracker.url}/announce`).announce(seed, never);
    await expect(failure).rejects.toThrow(/^Tracker udp:\/\/127\.0\.0\.1:\d+\/announce says: not registered$/);
    await expect(failure).rejects.toMatchObject({ code: "tracker" });
  });

  it("does not believe packets of others, of other requests, of other kinds, or none at all", async () => {
    const stranger = createSocket("udp4");
    closers.push(() => stranger.close());
    const tracker = await trackerThat(async (request) => {
      if (request.action === 0) return [Buffer.alloc(0), Buffer.alloc(7), connected(request)];
      const lie = announced(request, [1, 1, 1], Buffer.alloc(6, 9));
      await new Promise<void>((resolve, reject) => {
        stranger.send(lie, request.from.port, request.from.address, (error) => (error ? reject(error) : resolve()));
      });
      const other = { ...request, transaction: (request.transaction ^ 1) >>> 0 };
      return [announced(other, [1, 1, 1], PEER), refused(other, "no"), connected(request), ...(await good(request))];
    });
    expect(await lineTo(tracker.url).announce(seed, never)).toMatchObject({
      intervalSeconds: 120,
      seeds: 3,
      peers: [{ endpoint: "tcp://192.0.2.1:6881" }],
    });
  });

  it.each([0, 15])("fails for a connection reply of 8 and %d bytes, and an announce reply cut short", async (more) => {
    const tracker = await trackerThat((request) => [connected(request).subarray(0, Math.min(15, 8 + more))]);
    await expect(lineTo(tracker.url).announce(seed, never)).rejects.toThrow(/answered with \d+ bytes instead of 16/);
    const cutting = await trackerThat((request) => [
      request.action === 0 ? connected(request) : announced(request, [1], PEER),
    ]);
    await expect(lineTo(cutting.url).announce(seed, never)).rejects.toThrow(/instead of 20/);
  });

  it("tries the other address of a name when one does not answer", async () => {
    const tracker = await trackerThat(good);
    const line = lineTo(tracker.url.replace("127.0.0.1", "localhost"));
    expect(await line.announce(seed, never)).toMatchObject({ seeds: 3 });
    expect(line.address).toBe("127.0.0.1");
  });
});
