import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const MAIN = new URL("../../node-peer/dist/main.js", import.meta.url).href;
/** Nobody listens on the discard port: the command has loaded everything by the time it finds that out. */
const NO_TRACKER = "ws://127.0.0.1:9/announce";

const asModule = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;

/** The modules, as URLs, that the command line loads, unbundled. */
async function modulesOf(...argv: string[]): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-startup-"));
  try {
    const log = join(folder, "modules");
    const hooks = `import { appendFileSync } from "node:fs";
      export async function load(url, context, next) {
        appendFileSync(${JSON.stringify(log)}, url + "\\n");
        return next(url, context);
      }`;
    const trace = `import { register } from "node:module"; register(${JSON.stringify(asModule(hooks))});`;
    const run = `const { main } = await import(${JSON.stringify(MAIN)}); await main(process.argv.slice(1));`;
    const node = ["--import", asModule(trace), "--input-type=module", "-e", run, "--", ...argv];
    const child = spawn(process.execPath, node, { cwd: folder, env: { HOME: folder }, stdio: "ignore" });
    await once(child, "exit");
    return (await readFile(log, "utf8")).split("\n");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const having = (modules: readonly string[], parts: readonly string[]) =>
  parts.filter((part) => modules.some((url) => url.includes(part)));

const packages = fileURLToPath(new URL("../../", import.meta.url));

describe("starting a command", () => {
  it("loads for a download neither hub, tracker, interactive client nor what only they need", async () => {
    const modules = await modulesOf("download", "nothing", "--tracker", NO_TRACKER);
    expect(having(modules, ["/commands/download.js", "/get/", "/swarm/"])).toHaveLength(3);
    // What accepts peers reads WebSockets as the tracker does.
    const tracker = modules.filter((url) => url.includes(`${packages}tracker/dist/`));
    expect(tracker.filter((url) => !url.includes("/tracker/dist/websocket/"))).toEqual([]);
    const foreign = ["/lmdb/", "/prom-client/", "/sirv/", "/uqr/", "/hub/hub", "/interactive/"];
    expect(having(modules, [...foreign, "/commands/serve.js", "/commands/client.js", "/readline"])).toEqual([]);
  });

  it("loads for the help neither a command nor what connects", async () => {
    const modules = await modulesOf("--help");
    expect(having(modules, ["/cli.js", "/commands/command-table.js"])).toHaveLength(2);
    expect(having(modules, ["/commands/download.js", "/get/", "/ws/", "node:http"])).toEqual([]);
  });
});
