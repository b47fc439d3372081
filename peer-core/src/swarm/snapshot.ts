import type { PeerSession } from "../peer/peer-session.js";
import type { Content } from "./content.js";
import type { PeerView, SwarmView } from "./swarm-view.js";

export function peerView(session: PeerSession, now: number): PeerView {
  return {
    peerId: session.peerId,
    label: session.label,
    client: session.remote.client,
    isSeed: session.remote.isSeed,
    inbound: session.inbound,
    downBytesPerSecond: session.downMeter.bytesPerSecond(now),
    upBytesPerSecond: session.upMeter.bytesPerSecond(now),
    downloaded: session.downMeter.total,
    uploaded: session.upMeter.total,
    isChoked: session.remote.isChoking,
    isSnubbed: session.requests.isSnubbed,
    isRelay: session.remote.isRelay,
    keptUntilMs: keptUntilMs(session),
    share: shareOf(session),
    isDialable: !session.inbound || session.remote.isDialable,
  };
}

/** Only relays promise anything. */
function keptUntilMs({ remote }: PeerSession): number | undefined {
  return remote.isRelay && remote.keptUntilMs > 0 ? remote.keptUntilMs : undefined;
}

function shareOf(session: PeerSession): number {
  const pieces = session.remote.pieces.bitfield;
  return pieces === undefined || pieces.size === 0 ? 0 : pieces.count / pieces.size;
}

type ContentView = Omit<SwarmView, "state" | "error" | "peers" | "candidates" | "relays">;

const NOTHING: ContentView = {
  pieceCount: 0,
  verifiedPieces: 0,
  chosenBytes: 0,
  doneBytes: 0,
  downBytesPerSecond: 0,
  upBytesPerSecond: 0,
  downloaded: 0,
  uploaded: 0,
  wastedBytes: 0,
  failedPieces: 0,
  etaSeconds: undefined,
};

export function contentView(content: Content | undefined, now: number): ContentView {
  if (content === undefined) return NOTHING;
  const { download, upload, table } = content;
  const { chosenBytes, doneBytes } = content.progress;
  const downBytesPerSecond = download.meter.bytesPerSecond(now);
  const left = chosenBytes - doneBytes;
  return {
    pieceCount: table.have.size,
    verifiedPieces: table.have.count,
    chosenBytes,
    doneBytes,
    downBytesPerSecond,
    upBytesPerSecond: upload.meter.bytesPerSecond(now),
    downloaded: download.meter.total,
    uploaded: upload.meter.total,
    wastedBytes: download.wastedBytes,
    failedPieces: download.failedPieces,
    etaSeconds: left === 0 ? 0 : downBytesPerSecond > 0 ? left / downBytesPerSecond : undefined,
  };
}
