import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { get } from "node:https";
import { text } from "node:stream/consumers";
import { encodeRequest, parseTrackerMessage, type WireId } from "@shoal/peer-core/announce";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { makeCertificate, type Certificate } from "../support/certificate.js";
import { hashFile, writeContent } from "../support/file-content.js";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";
import { ReverseProxy, type ProxyKind } from "../support/reverse-proxy.js";

const MIB = 1024 * 1024;
const DONE = { code: 0, signal: null };

let bed: ProcessBed;
let hub: TestHub;
let certificate: Certificate;

beforeAll(async () => {
  bed = await ProcessBed.open();
  // It is told nothing of names, paths or TLS.
  hub = await TestHub.start(bed);
  certificate = await makeCertificate(bed.folder);
});

afterAll(async () => {
  await bed.close();
});

describe.each<{ kind: ProxyKind }>([{ kind: "nginx" }, { kind: "caddy" }])(
  "a hub behind $kind, below a path",
  ({ kind }) => {
    let proxy: ReverseProxy;

    beforeAll(async () => {
      const hubPort = Number(new URL(hub.url).port);
      proxy = await ReverseProxy.start(kind, { folder: bed.path(kind), hubPort, certificate });
    });

    afterAll(async () => {
      await proxy.stop();
    });

    async function read(path: string): Promise<{ status: number | undefined; body: string }> {
      const request = get(new URL(path, proxy.url), { ca: readFileSync(certificate.certificate) });
      const [response] = (await once(request, "response")) as [NodeJS.ReadableStream & { statusCode?: number }];
      return { status: response.statusCode, body: await text(response) };
    }

    async function open(path: string): Promise<WebSocket> {
      const url = new URL(path, proxy.url).href.replace(/^https:/, "wss:");
      const socket = new WebSocket(url, ["bittorrent"], { ca: readFileSync(certificate.certificate) });
      await once(socket, "open");
      return socket;
    }

    it("serves the page with what it loads, and its catalogue", async () => {
      const page = await read("");
      expect(page.status).toBe(200);
      const script = /<script[^>]* src="([^"]+)"/.exec(page.body)?.[1] ?? "";
      expect(script).toMatch(/^\.\/assets\//);
      expect((await read(script)).status).toBe(200);
      expect(JSON.parse((await read("api/torrents")).body)).toMatchObject({ torrents: expect.any(Array) as unknown });
      const about = JSON.parse((await read("api/hub")).body) as unknown;
      expect(about).toMatchObject({ relay: { endpoint: "peer", policy: "published" } });
    });

    it("answers announces, and names its own relay relative to itself", async () => {
      const socket = await open("announce");
      const infoHash = "behind a proxy ..... ".slice(0, 20) as WireId;
      const peerId = "-SH0100-proxied-peer" as WireId;
      const request = { type: "announce", infoHash, peerId, uploaded: 0, downloaded: 0, left: 1, numWant: 5 } as const;
      const nothing = { event: undefined, offers: undefined, port: undefined, endpoint: undefined };
      socket.send(encodeRequest({ ...request, ...nothing, isRelay: false, wantsNotice: true }));
      const [answer] = (await once(socket, "message")) as [Buffer];
      expect(parseTrackerMessage(answer.toString())).toMatchObject({ type: "announce", relays: ["peer"] });
      socket.terminate();
    });

    it("takes peers at /peer", async () => {
      const socket = await open("peer");
      expect(socket.protocol).toBe("bittorrent");
      const closed = once(socket, "close") as Promise<[number, Buffer]>;
      socket.send(Buffer.from(`\x13BitTorrent protocol${"\0".repeat(8)}${"?".repeat(40)}`, "latin1"));
      // Nobody has published this one.
      expect((await closed)[0]).toBe(4000);
    });

    it("lets two commands that trust its certificate exchange a file", async () => {
      const name = `${kind}.bin`;
      const content = await writeContent(bed.path(name), 3 * MIB, kind.length);
      const where = ["--tracker", proxy.url, "--ca", certificate.certificate];
      const seeder = bed.run(["upload", name, ...where]);
      const { link } = await seeder.event("shared");
      expect(link.startsWith(`${proxy.url}#/s/`)).toBe(true);
      const into = bed.path(`got-${kind}`);
      const downloader = bed.run(["download", link, "-o", into, "--ca", certificate.certificate]);
      expect(await downloader.end()).toEqual(DONE);
      expect(await hashFile(bed.path(`got-${kind}`, name))).toBe(content);
      seeder.kill("SIGINT");
      await seeder.end();
    });

    it("carries a file between two commands that cannot be dialled", async () => {
      const name = `${kind}-carried.bin`;
      const content = await writeContent(bed.path(name), 3 * MIB, 7 + kind.length);
      const where = ["--tracker", proxy.url, "--ca", certificate.certificate, "--no-listen"];
      const seeder = bed.run(["upload", name, ...where]);
      await seeder.event("shared");
      const downloader = bed.run(["download", name, "-o", bed.path(`carried-${kind}`), ...where]);
      expect(await downloader.end()).toEqual(DONE);
      expect(await hashFile(bed.path(`carried-${kind}`, name))).toBe(content);
      const relay = `${proxy.url.replace(/^https:/, "wss:")}peer`;
      expect(downloader.all("peer").map(({ address }) => address)).toContain(relay);
      seeder.kill("SIGINT");
      await seeder.end();
    });

    it("is believed by nobody who does not trust its certificate", async () => {
      const stranger = bed.run(["search", "--tracker", proxy.url]);
      expect((await stranger.event("error")).message).toMatch(/certificate/);
      expect((await stranger.end()).code).toBe(1);
    });
  },
);

it("refuses a file of authorities without a certificate in it", async () => {
  const wrong = bed.run(["search", "--tracker", hub.tracker, "--ca", certificate.key]);
  expect((await wrong.event("error")).code).toBe("source");
  expect((await wrong.end()).code).toBe(1);
  expect(await readFile(certificate.key, "utf8")).toContain("PRIVATE KEY");
});
