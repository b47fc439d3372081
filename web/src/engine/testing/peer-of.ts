import { peerIdFromBytes } from "@shoal/peer-core/torrent";
import type { TrackerView } from "@shoal/peer-core";
import type { KnownPeer } from "../known-peer.js";

/** A peer that we dialled and that has sent nothing. */
export function peerOf(facts: Partial<KnownPeer> = {}, id = 1): KnownPeer {
  return {
    peerId: peerIdFromBytes(new Uint8Array(20).fill(id)),
    label: "ws://seed.example:9000/peer",
    client: "Shoal",
    isSeed: false,
    inbound: false,
    downBytesPerSecond: 0,
    upBytesPerSecond: 0,
    downloaded: 0,
    uploaded: 0,
    isChoked: true,
    isSnubbed: false,
    isRelay: false,
    keptUntilMs: undefined,
    share: 0,
    isDialable: facts.inbound !== true,
    ...facts,
  };
}

/** A tracker that has answered. */
export function trackerOf(facts: Partial<TrackerView> = {}): TrackerView {
  const url = "ws://hub.example/announce";
  return { url, state: "waiting", seeds: 0, leeches: 1, error: undefined, ...facts };
}
