import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFetchRangeSource } from "./fetch-range-source.js";

const source = createFetchRangeSource({ userAgent: "Shoal/test" });
const range = { from: 10, until: 20 };

let server: Server;
let respond: (request: IncomingMessage, response: ServerResponse) => void;
let url = "";

beforeEach(async () => {
  server = createServer((request, response) => respond(request, response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

describe("createFetchRangeSource", () => {
  it("asks for the range, uncompressed, and hands over status, headers and body", async () => {
    respond = ({ headers }, response) => {
      const { range: asked, "accept-encoding": encoding, "user-agent": agent, cookie } = headers;
      response.writeHead(206, { "Content-Range": "bytes 10-19/30", "Set-Cookie": "a=b" });
      response.end(JSON.stringify([asked, encoding, agent, cookie ?? null]));
    };
    for (let time = 0; time < 2; time++) {
      const answer = await source.open(url, range, new AbortController().signal);
      expect([answer.status, answer.header("content-range"), answer.header("etag")]).toEqual([
        206,
        "bytes 10-19/30",
        undefined,
      ]);
      let body = "";
      for (let bytes = await answer.read(); bytes !== undefined; bytes = await answer.read())
        body += new TextDecoder().decode(bytes);
      expect(JSON.parse(body)).toEqual(["bytes=10-19", "identity", "Shoal/test", null]);
      answer.cancel();
    }
  });

  it("follows no redirect, and shows where it leads", async () => {
    respond = (_, response) => response.writeHead(302, { location: "/elsewhere" }).end();
    const answer = await source.open(url, range, new AbortController().signal);
    expect([answer.status, answer.header("location")]).toEqual([302, "/elsewhere"]);
  });

  it("does not read far ahead, and lets go of a body that is cancelled", async () => {
    let written = 0;
    const gone = new Promise<void>((resolve) => {
      respond = (_, response) => {
        response.on("close", resolve);
        const write = () => {
          while (written < 2 ** 28 && response.write(Buffer.alloc(2 ** 20))) written += 2 ** 20;
        };
        response.on("drain", write);
        write();
      };
    });
    const answer = await source.open(url, range, new AbortController().signal);
    expect((await answer.read())?.length).toBeGreaterThan(0);
    answer.cancel();
    await gone;
    expect(written).toBeLessThan(2 ** 27);
  });

  it("rejects when the signal fires, before the answer or within the body, and when the link breaks", async () => {
    respond = () => undefined;
    const early = new AbortController();
    const opening = source.open(url, range, early.signal);
    early.abort();
    await expect(opening).rejects.toThrow();
    respond = (_, response) => void response.writeHead(206, { "content-length": 100 }).write("begin");
    const late = new AbortController();
    const aborted = await source.open(url, range, late.signal);
    await aborted.read();
    const reading = aborted.read();
    late.abort();
    await expect(reading).rejects.toThrow();
    const broken = await source.open(url, range, new AbortController().signal);
    await broken.read();
    server.closeAllConnections();
    await expect(broken.read()).rejects.toThrow();
  });

  it("asks whether a name leads home where names can be looked up", async () => {
    const looking = createFetchRangeSource({ leadsHome: (name) => Promise.resolve(name === "nas") });
    expect(await Promise.all([looking.leadsHome("nas"), looking.leadsHome("a"), source.leadsHome("nas")])).toEqual([
      true,
      false,
      false,
    ]);
  });
});
