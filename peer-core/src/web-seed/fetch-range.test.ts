import { describe, expect, it } from "vitest";
import { MemoryWeb, type MemoryWebAnswer } from "../../testing/memory-web.js";
import { VirtualClock } from "../../testing/virtual-clock.js";
import { fetchRange } from "./fetch-range.js";
import type { SeedFailure } from "./seed-failure.js";

const URL_A = "http://a.example/file";
const MIRROR = "http://mirror.example/file";
const FILE = Uint8Array.from({ length: 60_000 }, (_, at) => at % 251);

/** One server's file, and what came of fetching parts of it. */
class Scene {
  readonly web = new MemoryWeb();
  readonly clock = new VirtualClock();
  readonly routes = new Map<string, string>();
  received: number[] = [];

  constructor(answer?: MemoryWebAnswer) {
    this.web.files.set(URL_A, FILE);
    if (answer !== undefined) this.web.answer = () => answer;
  }

  async fetch(from: number, until: number, wholeFileBytes = 0): Promise<SeedFailure | undefined> {
    this.received = [];
    const { web: source, clock, routes } = this;
    const range = { from, until, fileLength: FILE.length, wholeFileBytes };
    const onBytes = (bytes: Uint8Array) => void this.received.push(...bytes);
    const fetched = fetchRange({ url: URL_A, range, abort: new AbortController(), onBytes }, { source, clock, routes });
    return await clock.settle(fetched);
  }

  /** URLs asked, by their hosts. */
  get asked(): string[] {
    return this.web.requests.map(({ url }) => new URL(url).hostname);
  }
}

describe("fetchRange", () => {
  it("hands over exactly the bytes of the range and leaves nothing behind", async () => {
    const scene = new Scene();
    expect(await scene.fetch(9_000, 31_000)).toBeUndefined();
    expect(scene.received).toEqual([...FILE.subarray(9_000, 31_000)]);
    expect([scene.web.openAnswers, scene.clock.pendingTimers]).toEqual([0, 0]);
  });

  it("cuts the range out of a small file that comes whole", async () => {
    const scene = new Scene({ status: 200, body: FILE });
    expect(await scene.fetch(9_000, 31_000, FILE.length)).toBeUndefined();
    expect(scene.received).toEqual([...FILE.subarray(9_000, 31_000)]);
    expect(await scene.fetch(0, FILE.length)).toBeUndefined();
    expect(scene.received).toEqual([...FILE]);
    expect(scene.web.openAnswers).toBe(0);
  });

  it.each([
    ["more", { body: FILE.slice(0, 20_001) }],
    ["fewer", { body: FILE.slice(0, 19_999) }],
    ["more", { status: 200, body: new Uint8Array(FILE.length + 1), headers: { "content-length": undefined } }],
  ] as const)("complains of a body with %s bytes than were asked for", async (word, answer) => {
    const scene = new Scene(answer);
    const until = "status" in answer ? FILE.length : 20_000;
    expect(await scene.fetch(0, until)).toMatchObject({
      kind: "trouble",
      message: expect.stringContaining(word) as string,
    });
    expect(scene.received.length).toBeLessThanOrEqual(until);
    expect(scene.web.openAnswers).toBe(0);
  });

  it("gives up after 30 s without a byte, counted from the last one", async () => {
    const scene = new Scene({ body: FILE.slice(0, 15_000), stalls: true });
    expect(await scene.fetch(0, 20_000)).toEqual({ kind: "trouble", message: "nothing came for 30 s" });
    expect(scene.clock.now()).toBe(30_000);
    expect(scene.received).toHaveLength(15_000);
  });

  it("follows redirects, and goes to where they lead at once the next time", async () => {
    const scene = new Scene();
    scene.web.files.set(MIRROR, FILE);
    scene.web.answer = ({ url }) => (url === URL_A ? { status: 302, headers: { location: MIRROR } } : undefined);
    expect(await scene.fetch(0, 10)).toBeUndefined();
    expect(await scene.fetch(10, 20)).toBeUndefined();
    expect(scene.received).toEqual([...FILE.subarray(10, 20)]);
    expect(scene.asked).toEqual(["a.example", "mirror.example", "mirror.example"]);
  });

  it("asks where a redirect came from again when it leads nowhere any more", async () => {
    const scene = new Scene();
    scene.routes.set(URL_A, MIRROR);
    expect(await scene.fetch(0, 10)).toBeUndefined();
    expect(scene.asked).toEqual(["mirror.example", "a.example"]);
    expect(scene.routes.size).toBe(0);
  });

  it("does not run in circles, nor into the private network", async () => {
    const circle = new Scene({ status: 301, headers: { location: URL_A } });
    expect(await circle.fetch(0, 10)).toMatchObject({ kind: "unusable", message: "more than 5 redirects" });
    expect(circle.asked).toHaveLength(6);
    const trap = new Scene({ status: 302, headers: { location: "http://192.168.0.1/" } });
    expect(await trap.fetch(0, 10)).toMatchObject({ kind: "unusable" });
    expect(trap.asked).toEqual(["a.example"]);
    expect([circle.web.openAnswers, trap.web.openAnswers]).toEqual([0, 0]);
  });

  it("tells why nobody answered", async () => {
    const scene = new Scene();
    scene.web.open = () => Promise.reject(new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") }));
    expect(await scene.fetch(0, 10)).toEqual({ kind: "trouble", message: "connect ECONNREFUSED" });
  });
});
