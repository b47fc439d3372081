import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UsageError } from "../usage-error.js";
import { parseRate } from "../units.js";
import { reachability } from "./common-settings.js";
import { readConfigFile } from "./config-file.js";
import { knownTrackers } from "./known-trackers.js";
import { relayPlan } from "./relay-plan.js";
import { Settings } from "./settings.js";

const never = new AbortController().signal;

function settings(flags: Record<string, unknown>, env: NodeJS.ProcessEnv = {}, file = {}): Settings {
  return new Settings({ flags, env, file });
}

describe("settings", () => {
  it("prefer a flag to the environment and that to the file", () => {
    expect(settings({ up: "1M" }, { SHOAL_UP: "2M" }, { up: "3M" }).text("up")).toBe("1M");
    expect(settings({}, { SHOAL_UP: "2M" }, { up: "3M" }).text("up")).toBe("2M");
    expect(settings({}, {}, { up: 3 }).text("up")).toBe("3");
    expect(settings({}, { SHOAL_UNTIL_RATIO: "2" }).text("untilRatio")).toBe("2");
  });

  it("take an empty variable for one that is not set", async () => {
    expect(settings({}, { SHOAL_UP: " " }, { up: "3M" }).text("up")).toBe("3M");
    expect(await knownTrackers(settings({}, { SHOAL_TRACKERS: "" }), never)).toEqual({
      urls: ["ws://localhost:8000/announce"],
      isChosen: false,
    });
  });

  it("take trackers from SHOAL_TRACKERS, separated by commas", async () => {
    const trackers = "ws://a/announce, https://b:1/sub/ ,,c:2, udp://d:3";
    const { urls, isChosen } = await knownTrackers(settings({}, { SHOAL_TRACKERS: trackers }), never);
    expect(urls).toEqual(["ws://a/announce", "wss://b:1/sub/announce", "ws://c:2/announce", "udp://d:3"]);
    expect(isChosen).toBe(true);
  });

  it("say where a bad value came from", () => {
    expect(() => settings({ up: "x" }).parsed("up", parseRate)).toThrow("--up: ");
    expect(() => settings({}, { SHOAL_UP: "x" }).parsed("up", parseRate)).toThrow("SHOAL_UP: ");
    expect(() => settings({}, {}, { up: "x" }).parsed("up", parseRate)).toThrow('"up" in the configuration file: ');
    expect(() => settings({}, { SHOAL_JSON: "perhaps" }).flag("json")).toThrow(UsageError);
  });

  it("open a free port unless told otherwise", () => {
    expect(reachability(settings({}))).toEqual({ port: 0, endpoint: undefined });
    expect(reachability(settings({ listen: "6881" }))).toEqual({ port: 6881, endpoint: undefined });
    expect(reachability(settings({ listen: false }))).toEqual({ port: undefined, endpoint: undefined });
    expect(reachability(settings({ endpoint: "wss://x/peer" }))).toEqual({ port: 0, endpoint: "wss://x/peer" });
    expect(() => reachability(settings({ endpoint: "x" }))).toThrow(UsageError);
  });
});

describe("a hub's relay", () => {
  const MIB = 1024 ** 2;

  it("carries what is published, keeps nothing and takes what the disk allows, unless told otherwise", () => {
    const week = 7 * 24 * 3_600_000;
    const plan = { policy: "published", cacheBytes: undefined, keepBytes: 0, keepMs: week, trackers: [] };
    expect(relayPlan(settings({}))).toEqual(plan);
    const flags = {
      relay: "any",
      cache: "2M",
      keep: "1M",
      keepTime: "1h",
      tracker: ["http://hub.example/", "udp://x:1"],
    };
    expect(relayPlan(settings(flags))).toEqual({
      policy: "any",
      cacheBytes: 2 * MIB,
      keepBytes: MIB,
      keepMs: 3_600_000,
      trackers: ["ws://hub.example/announce", "udp://x:1"],
    });
  });

  it("is off when told so, or given no room", () => {
    expect(relayPlan(settings({ relay: "off" }))).toBeUndefined();
    expect(relayPlan(settings({ cache: "0" }))).toBeUndefined();
  });

  it("announces to no tracker of the environment", () => {
    expect(relayPlan(settings({}, { SHOAL_TRACKERS: "ws://elsewhere/announce" }))?.trackers).toEqual([]);
  });

  it("refuses what makes no sense", () => {
    for (const flags of [{ relay: "some" }, { cache: "lots" }, { cache: "1M", keep: "2M" }, { tracker: ["%"] }])
      expect(() => relayPlan(settings(flags)), JSON.stringify(flags)).toThrow(UsageError);
  });
});

describe("a configuration file", () => {
  const known = new Set(["up", "tracker"]);
  let folder = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "shoal-config-"));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function read(content: string) {
    const path = join(folder, "config.json");
    await writeFile(path, content);
    return await readConfigFile(path, known, true);
  }

  it("holds options by their names", async () => {
    expect(await read('{"up": "2M", "tracker": ["ws://a/announce"]}')).toEqual({
      up: "2M",
      tracker: ["ws://a/announce"],
    });
  });

  it("may be absent unless it was asked for", async () => {
    expect(await readConfigFile(join(folder, "none"), known, false)).toEqual({});
    await expect(readConfigFile(join(folder, "none"), known, true)).rejects.toMatchObject({ code: "source" });
  });

  it.each(["", "[]", "{", '{"up": {}}', '{"upp": "2M"}'])("is refused when malformed: %j", async (content) => {
    await expect(read(content)).rejects.toThrow(UsageError);
  });
});
