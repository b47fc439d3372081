/** One WebTorrent peer over TCP alone. What it is told and what it prints: see PeerPlan and PeerEvent. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import WebTorrent, { type Torrent } from "webtorrent";
import type { PeerEvent, PeerPlan } from "./scripted-peer.js";

const plan = JSON.parse(process.argv[2] ?? "") as PeerPlan;

/** Nothing but the peers that it is told. */
const client = new WebTorrent({
  torrentPort: Number(plan.listen.split(":")[1]),
  dht: false,
  lsd: false,
  tracker: false,
  utp: false,
  utPex: false,
  natUpnp: false,
  natPmp: false,
  webSeeds: false,
});
client.on("error", fail);

for (const { torrent, folder } of plan.seeds) {
  const seed = client.add(readFileSync(torrent), { path: folder, skipVerify: true });
  await once(seed, "ready");
}
if (client.torrentPort === 0) await once(client, "listening");
say({ event: "ready", port: client.torrentPort });
if (plan.gets.length > 0) {
  const peers = plan.peers ?? (JSON.parse(await readLine()) as string[]);
  await Promise.all(
    plan.gets.map(({ torrent, folder }) => get(client.add(readFileSync(torrent), { path: folder }), peers)),
  );
  say({ event: "complete" });
  if (plan.seeds.length === 0 && !plan.stays) client.destroy();
}

async function get(torrent: Torrent, peers: readonly string[]): Promise<void> {
  const done = once(torrent, "done");
  await once(torrent, "ready");
  for (const peer of peers) torrent.addPeer(peer);
  await done;
}

async function readLine(): Promise<string> {
  const [line] = (await once(createInterface(process.stdin), "line")) as [string];
  return line;
}

function say(event: PeerEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function fail(error: Error): void {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
