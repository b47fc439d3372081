import { fileURLToPath } from "node:url";
import { ensureLibtorrent } from "../programs.js";
import type { Job, OrdinaryPeer } from "./ordinary-peer.js";
import { ScriptedPeer } from "./scripted-peer.js";

const SCRIPT = fileURLToPath(new URL("libtorrent-client.py", import.meta.url));

/** Starts libtorrent through its Python binding. */
export async function startLibtorrent(job: Job): Promise<OrdinaryPeer> {
  return new ScriptedPeer("libtorrent", [await ensureLibtorrent(), SCRIPT], job);
}
