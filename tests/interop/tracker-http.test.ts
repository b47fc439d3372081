import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { createCryptoRandom } from "@shoal/peer-core/platform";
import { describeTrackerChannel } from "@shoal/peer-core/testing";
import { infoHashFromBytes, peerIdFromBytes } from "@shoal/peer-core/torrent";
import type { AnnounceRequest, TrackerChannel } from "@shoal/peer-core";
import { createTracker } from "@shoal/tracker";
import { afterEach, describe, expect, it } from "vitest";
import { createHttpTrackerChannel } from "../../node-peer/src/trackers/http-tracker-channel.js";
import { startTheirTracker } from "../support/their-tracker.js";

const never = new AbortController().signal;
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function channelTo(url: string, timeoutMs?: number): TrackerChannel {
  return createHttpTrackerChannel(url, { random: createCryptoRandom(), userAgent: "Shoal/test", timeoutMs });
}

/** A line that is closed after the test. */
function lineTo(url: string, timeoutMs?: number): TrackerChannel {
  const line = channelTo(url, timeoutMs);
  closers.push(() => line.close());
  return line;
}

async function listen(server: Server, host = "127.0.0.1"): Promise<number> {
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

describeTrackerChannel(
  "HTTP to our own tracker",
  async () => {
    const tracker = createTracker({ announceRate: 0 });
    const server = createServer((request, response) => void tracker.handleRequest(request, response));
    const url = `http://127.0.0.1:${await listen(server)}/announce`;
    const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
    return {
      open: () => channelTo(url),
      openUnreachable: () => channelTo("http://127.0.0.1:1/announce"),
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
        server.close();
      },
    };
  },
  { keepsLines: false, namesPeers: false },
);

// Below 128: bittorrent-tracker writes the keys of a scrape as UTF-8.
const infoHash = infoHashFromBytes(new Uint8Array(20).fill(0x71));
const seed: AnnounceRequest = {
  infoHash,
  peerId: peerIdFromBytes(new Uint8Array(20).fill(1)),
  uploaded: 0,
  downloaded: 0,
  left: 0,
  event: "started",
  numWant: 50,
  port: 7001,
};
const leech: AnnounceRequest = { ...seed, peerId: peerIdFromBytes(new Uint8Array(20).fill(2)), left: 5, port: 7002 };

describe("a line to bittorrent-tracker over HTTP", () => {
  it("announces, completes, scrapes and stops", async () => {
    const tracker = await startTheirTracker();
    closers.push(() => tracker.close());
    const [a, b] = [lineTo(tracker.http), lineTo(tracker.http)];
    expect(await a.announce(seed, never)).toMatchObject({ intervalSeconds: 90, seeds: 1, leeches: 0 });
    const joined = await b.announce(leech, never);
    expect(joined).toMatchObject({ seeds: 1, leeches: 1 });
    expect(joined.peers).toContainEqual({ peerId: undefined, endpoint: "tcp://127.0.0.1:7001" });
    expect(await b.announce({ ...leech, left: 0, event: "completed" }, never)).toMatchObject({ seeds: 2, leeches: 0 });
    expect(await a.scrape(infoHash, never)).toMatchObject({ seeds: 2, leeches: 0 });
    expect(await a.announce({ ...seed, event: "stopped", numWant: 0 }, never)).toMatchObject({ seeds: 1 });
    expect(b.address).toBe("127.0.0.1");
  });

  it("is not refused for want of a port", async () => {
    const tracker = await startTheirTracker();
    closers.push(() => tracker.close());
    await lineTo(tracker.http).announce({ ...seed, port: undefined }, never);
    const { peers, leeches, seeds } = await lineTo(tracker.http).announce({ ...leech, port: undefined }, never);
    expect({ peers, known: leeches + seeds }).toEqual({ peers: [], known: 1 });
  });
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** The announce URL of a server that answers every request like this. */
async function serverThat(answer: Answer): Promise<string> {
  const server = createServer(answer);
  const port = await listen(server);
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${port}/announce`;
}

const saying = (body: string | Buffer, status = 200, headers: Record<string, string> = {}): Answer => {
  return (_request, response) => response.writeHead(status, headers).end(body);
};

describe("a line to a strange HTTP tracker", () => {
  it("reads compressed replies", async () => {
    const url = await serverThat(saying(gzipSync("d8:intervali77ee"), 200, { "Content-Encoding": "gzip" }));
    expect(await lineTo(url).announce(seed, never)).toMatchObject({ intervalSeconds: 77 });
  });

  it("says again what the tracker gave it to say, until the farewell", async () => {
    const asked: (string | null)[] = [];
    const url = await serverThat((request, response) => {
      asked.push(new URL(request.url ?? "", "http://x").searchParams.get("trackerid"));
      response.end("d10:tracker id3:a&be");
    });
    const line = lineTo(url);
    for (const event of ["started", undefined, "stopped", "started"] as const)
      await line.announce({ ...seed, event }, never);
    expect(asked).toEqual([null, "a&b", "a&b", null]);
  });

  it.each<[string, Answer, RegExp]>([
    ["nonsense", saying("<html>"), /answered nonsense/],
    ["an error status", saying("gone", 404), /HTTP status 404/],
    ["a failure reason with an error status", saying("d14:failure reason4:nopee", 400), /says: nope/],
    ["broken compression", saying("x", 200, { "Content-Encoding": "gzip" }), /broken compression/],
    [
      "a bomb",
      saying(gzipSync(Buffer.alloc(64 * 1024 * 1024)), 200, { "Content-Encoding": "gzip" }),
      /more than 1048576 bytes/,
    ],
    [
      "a body that is cut off",
      (_request, response) => response.writeHead(200, { "Content-Length": "9" }).flushHeaders(),
      /within 0.3 s/,
    ],
    ["a hang-up", (request) => request.socket.destroy(), /cannot be reached/],
    ["a loop of redirects", saying("", 302, { Location: "/announce" }), /without end/],
    ["a redirect elsewhere", saying("", 302, { Location: "file:///etc/passwd" }), /not HTTP/],
  ])("fails for %s", async (_what, answer, message) => {
    const url = await serverThat(answer);
    await expect(lineTo(url, 300).announce(seed, never)).rejects.toThrow(message);
    await expect(lineTo(url, 300).announce(seed, never)).rejects.toMatchObject({ code: "tracker" });
  });

  it("does not read without end", async () => {
    const url = await serverThat((_request, response) => {
      const more = () => response.write(Buffer.alloc(65_536, 32), (error) => (error ? undefined : setImmediate(more)));
      more();
    });
    await expect(lineTo(url).announce(seed, never)).rejects.toThrow("more than 1048576 bytes");
  });

  it("quotes when a busy server wants to be asked again", async () => {
    const url = await serverThat(saying("", 503, { "Retry-After": "120" }));
    await expect(lineTo(url).announce(seed, never)).rejects.toMatchObject({ retryAfterMs: 120_000 });
  });

  it("never says a pass key in its errors", async () => {
    const url = `${await serverThat(saying("", 500))}?passkey=0123456789abcdef0123456789abcdef`;
    await expect(lineTo(url).announce(seed, never)).rejects.toThrow(/announce\?… answered with HTTP status 500$/);
  });

  it("follows a redirect to another tracker of this machine", async () => {
    const there = await serverThat(saying("d8:intervali66ee"));
    const url = await serverThat((request, response) => {
      response.writeHead(307, { Location: `${there}${new URL(request.url ?? "", there).search}` }).end();
    });
    expect(await lineTo(url).announce(seed, never)).toMatchObject({ intervalSeconds: 66 });
  });
});

describe("a line to an HTTP tracker at a private address", () => {
  it.each(["/", "/admin?do=reset", "/announcement/reset", "/xannounce"])("asks for no path like %s", async (path) => {
    const asked: (string | undefined)[] = [];
    const url = await serverThat((request, response) => {
      asked.push(request.url);
      response.end("de");
    });
    for (const host of ["127.0.0.1", "localhost"]) {
      const elsewhere = url.replace("/announce", path).replace("127.0.0.1", host);
      await expect(lineTo(elsewhere).announce(seed, never)).rejects.toThrow("this machine or its network");
    }
    const redirecting = await serverThat(saying("", 302, { Location: url.replace("/announce", path) }));
    await expect(lineTo(redirecting).announce(seed, never)).rejects.toThrow("this machine or its network");
    expect(asked).toEqual([]);
  });
});
