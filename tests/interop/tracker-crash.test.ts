import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeBencode } from "@shoal/peer-core/torrent";
import { afterEach, expect, test } from "vitest";

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

test("a tracker that is killed keeps every share that it has acknowledged", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tracker-crash-"));
  cleanUps.push(() => rm(folder, { recursive: true }));
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round++) {
    const { child, api } = await runTracker(folder);
    for (const infoHash of acknowledged) {
      expect((await fetch(`${api}/${infoHash}.torrent`)).status).toBe(200);
    }
    const killed = once(child, "exit");
    await publishUntilKilled(api, child, acknowledged);
    await killed;
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(60);
});

async function runTracker(folder: string): Promise<{ child: ChildProcess; api: string }> {
  const script = fileURLToPath(new URL("tracker-process.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", script, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  cleanUps.push(() => child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, api: `http://127.0.0.1:${line.toString().trim()}/api/torrents` };
}

/** Four publish at once, so that the kill comes in the middle of something. */
async function publishUntilKilled(api: string, child: ChildProcess, acknowledged: string[]): Promise<void> {
  const killAt = acknowledged.length + 20;
  const publish = async (): Promise<void> => {
    for (;;) {
      const infoHash = await publishOne(api);
      if (infoHash === undefined) return;
      acknowledged.push(infoHash);
      if (acknowledged.length === killAt) child.kill("SIGKILL");
    }
  };
  await Promise.all([publish(), publish(), publish(), publish()]);
}

let names = 0;

/** Publishes a new share; undefined when the tracker is gone. */
async function publishOne(api: string): Promise<string | undefined> {
  const facts = { length: 1, name: `share ${++names}`, "piece length": 32_768, pieces: new Uint8Array(20) };
  const body = new Blob([Uint8Array.from(encodeBencode(new Map(Object.entries(facts))))]);
  try {
    const answer = await fetch(api, { method: "POST", body, headers: { "Content-Type": "application/x-bittorrent" } });
    return ((await answer.json()) as { infoHash: string }).infoHash;
  } catch {
    return undefined;
  }
}
