import { fileURLToPath } from "node:url";
import type { Job, OrdinaryPeer } from "./ordinary-peer.js";
import { ScriptedPeer } from "./scripted-peer.js";

const SCRIPT = fileURLToPath(new URL("webtorrent-client.js", import.meta.url));

/** Starts WebTorrent. */
export function startWebTorrent(job: Job): Promise<OrdinaryPeer> {
  return Promise.resolve(new ScriptedPeer("WebTorrent", [process.execPath, SCRIPT], job));
}
