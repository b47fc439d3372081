import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { killCommands, RunningCommand } from "../support/command.js";

let folder = "";
let hub: RunningCommand;
let url = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-serve-"));
  const args = ["serve", "--port", "0", "--host", "127.0.0.1", "--public-url", "https://hub.example", "--json"];
  hub = new RunningCommand(args, { cwd: folder, env: { SHOAL_DATA: folder } });
  const { port } = await hub.event("serving");
  url = `http://127.0.0.1:${String(port)}/`;
});

afterAll(async () => {
  await hub.stop();
  await killCommands();
  await rm(folder, { recursive: true, force: true });
});

/** What a server answers to raw bytes before it closes. */
async function answerTo(request: string): Promise<string> {
  const socket = createConnection(Number(new URL(url).port), "127.0.0.1");
  socket.setEncoding("utf8").write(request);
  let answer = "";
  for await (const text of socket) answer += String(text);
  return answer;
}

describe("a hub", () => {
  it("says where it is opened, the public URL first", async () => {
    expect(await hub.event("serving")).toMatchObject({
      url: "https://hub.example/",
      tracker: "wss://hub.example/announce",
      urls: ["https://hub.example/", url],
    });
    const answer = await fetch(`${url}api/hub`);
    expect(await answer.json()).toMatchObject({
      urls: ["https://hub.example/", url],
      publicUrl: "https://hub.example/",
    });
  });

  it("is named in links by the URL that others reach it by", async () => {
    await writeFile(join(folder, "note.txt"), "hello");
    const tracker = url.replace(/^http/, "ws") + "announce";
    const run = (...args: string[]) =>
      new RunningCommand([...args, "--tracker", tracker, "--json"], { cwd: folder, env: { SHOAL_DATA: folder } });
    const upload = run("upload", "note.txt");
    const { link, magnet, infoHash } = await upload.event("shared");
    expect(link).toBe(`https://hub.example/#/s/${String(infoHash)}`);
    expect(magnet).toContain("tr=wss%3A%2F%2Fhub.example%2Fannounce");
    expect(await run("search", "note").event("found")).toMatchObject({ link, magnet });
    expect(await run("info", "note.txt").event("share")).toMatchObject({ magnet, trackers: [tracker] });
    await upload.stop();
  });

  it("serves the page with a strict policy, and the tracker beside it", async () => {
    const page = await fetch(url);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect(policy).toContain("connect-src 'self' ws: wss:");
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
    expect((await fetch(`${url}../../etc/passwd`)).status).not.toBe(200);
    expect((await fetch(`${url}no-such-page`)).status).not.toBe(200);
    expect((await fetch(url, { method: "PUT" })).status).not.toBe(200);
    expect((await fetch(`${url}health`)).status).toBe(200);
    expect(await (await fetch(`${url}api/torrents`)).json()).toMatchObject({ torrents: expect.any(Array) as unknown });
  });

  it("refuses upgrades that lead nowhere, and nonsense", async () => {
    const upgrade = "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    expect(await answerTo(upgrade)).toContain("404");
    expect(await answerTo("GARBAGE\r\n\r\n")).toContain("400");
    expect(await answerTo("\u0000\u0001nonsense\r\n\r\n")).toBe("");
    expect((await fetch(`${url}health`)).status).toBe(200);
  });
});

describe("a hub's relay", () => {
  /** A hub of its own, stopped at the end, with `args`; resolves to where its page is and its data folder. */
  async function withHub(args: readonly string[], work: (url: string, data: string) => Promise<void>): Promise<void> {
    const data = await mkdtemp(join(folder, "data-"));
    const all = ["serve", "--port", "0", "--host", "127.0.0.1", "--data", data, "--json", ...args];
    const own = new RunningCommand(all, { cwd: folder });
    const { port } = await own.event("serving");
    await work(`http://127.0.0.1:${String(port)}/`, data);
    expect((await own.stop()).code).toBe(130);
  }

  async function relayOf(url: string): Promise<unknown> {
    return ((await (await fetch(`${url}api/hub`)).json()) as { relay: unknown }).relay;
  }

  /** What comes of a WebSocket to a path of the hub: "open", or the status of a refusal. */
  async function upgraded(url: string, path: string): Promise<unknown> {
    const socket = new WebSocket(new URL(path, url.replace(/^http/, "ws")));
    const opened = once(socket, "open").then(() => "open");
    const refused = once(socket, "unexpected-response").then(
      ([, response]) => (response as Response & { statusCode: number }).statusCode,
    );
    const outcome = await Promise.race([opened, refused]);
    socket.on("error", () => undefined).terminate();
    return outcome;
  }

  it("is told of, as it was configured, and counted", async () => {
    await withHub(["--relay", "any", "--cache", "3M", "--keep", "1M"], async (url, data) => {
      expect(await relayOf(url)).toEqual({ endpoint: "peer", policy: "any" });
      expect(await upgraded(url, "peer")).toBe("open");
      const metrics = await (await fetch(`${url}metrics`)).text();
      expect(metrics).toMatch(/^shoal_relay_cache_limit_bytes 3145728$/m);
      expect(metrics).toMatch(/^shoal_relay_cache_bytes 0$/m);
      expect(await readdir(join(data, "hub"))).toContain("cache");
    });
  });

  it.each([[["--relay", "off"]], [["--cache", "0"]]])("is not there with %j", async (args) => {
    await withHub(args, async (url, data) => {
      expect(await relayOf(url)).toBeNull();
      expect(await upgraded(url, "peer")).toBe(404);
      expect(await (await fetch(`${url}metrics`)).text()).not.toContain("shoal_relay");
      expect(await readdir(join(data, "hub"))).not.toContain("cache");
    });
  });
});
