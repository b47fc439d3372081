import type { TorrentSession } from "@shoal/peer-core";
import type { Machine } from "./machine.js";
import type { World } from "./world.js";

/** The caps of the documents, written down here a second time on purpose. Asked of a peer: 16 MiB, and the block beyond them. */
const MAX_ASKED_BYTES = (16 * 1_024 + 256) * 1_024;
/** What a peer may have waiting with us. */
const MAX_WAITING_REQUESTS = 2_000;
const MAX_WAITING_BYTES = 32 * 1_024 * 1_024;
const DEFAULT_UNVERIFIED_BYTES = 64 * 1_024 * 1_024;
const DEFAULT_SEND_BUFFERS_BYTES = 256 * 1_024 * 1_024;
/** In a socket besides blocks: news of pieces, rejections, the metainfo of so small a share. */
const SMALL_MESSAGES_BYTES = 16 * 1_024;
/** The least that may wait in a socket, however little memory there is. */
const LEAST_BYTES = 16 * 1_024;
/** Addresses known, listening ports of one host among them, and ways that lead to one port. */
const MAX_ADDRESSES = 3_000;
const MAX_DOORS_OF_HOST = 16;
const MAX_WAYS = 2;
/** Links of a peer to relays: to the one it keeps to, and to a better one that has to prove itself. */
const MAX_RELAY_LINKS = 2;

/** At any moment: nothing that one share of a machine holds exceeds its cap, and what is asked adds up. */
export function checkCaps(world: World, machine: Machine, share: TorrentSession): void {
  const fail = (what: string) => world.stage.fail(`${machine.name} ${what}`);
  for (const session of share.swarm.sessions()) checkSession(session, fail);
  checkUnverified(world, machine, share, fail);
  checkAsked(share, fail);
  checkSendBuffers(world, machine, share, fail);
  checkAddresses(share, fail);
  checkRelays(machine, share, fail);
}

type PeerSession = ReturnType<TorrentSession["swarm"]["sessions"]> extends Iterable<infer Session> ? Session : never;
type Fail = (what: string) => void;

function checkSession({ requests, uploads, remote, label }: PeerSession, fail: Fail): void {
  let askedBytes = 0;
  let asked = 0;
  for (const { length } of requests.outstanding()) {
    askedBytes += length;
    asked++;
  }
  if (askedBytes > MAX_ASKED_BYTES) fail(`has asked ${label} for ${askedBytes} bytes at once`);
  if (asked > remote.requestQueue) fail(`has ${asked} requests at ${label}, which queues ${remote.requestQueue}`);
  let waitingBytes = 0;
  let waiting = 0;
  for (const { length } of uploads.waiting()) {
    waitingBytes += length;
    waiting++;
  }
  if (waiting > MAX_WAITING_REQUESTS || waitingBytes > MAX_WAITING_BYTES)
    fail(`lets ${label} have ${waiting} requests for ${waitingBytes} bytes wait`);
}

function checkUnverified({ stage }: World, { role }: Machine, { swarm }: TorrentSession, fail: Fail): void {
  const { pieceLength } = stage.scenario;
  // One piece is always allowed.
  const most = role.kind === "peer" ? role.plan.unverifiedPieces * pieceLength : DEFAULT_UNVERIFIED_BYTES;
  let bytes = 0;
  for (const { size } of swarm.content?.download.unverifiedPieces() ?? []) bytes += size;
  if (bytes > most) fail(`has ${bytes} bytes in memory that are not verified, more than ${most}`);
}

/** What peers are asked for is what the pieces under way say is under way: no request is forgotten, none outlives its piece. */
function checkAsked({ swarm }: TorrentSession, fail: Fail): void {
  const { content } = swarm;
  if (content === undefined || (swarm.state !== "downloading" && swarm.state !== "seeding")) return;
  const asked = new Map<number, number>();
  for (const { requests } of swarm.sessions()) {
    for (const { piece, length } of requests.outstanding())
      asked.set(piece, (asked.get(piece) ?? 0) + Math.ceil(length / 16_384));
  }
  for (const { piece, inFlightUnits } of content.download.piecesUnderWay()) {
    const units = asked.get(piece) ?? 0;
    asked.delete(piece);
    if (units !== inFlightUnits)
      fail(`takes ${inFlightUnits} units of piece ${piece} for asked, and asks for ${units}`);
  }
  for (const piece of asked.keys()) fail(`asks for piece ${piece}, which nobody puts together`);
}

/**
 * A link has its part of the buffers at the time when it last sent: who was there first may hold more. And a block may go
 * beyond it.
 */
function checkSendBuffers({ stage }: World, { role }: Machine, { swarm }: TorrentSession, fail: Fail): void {
  const all = (role.kind === "peer" ? role.plan.sendBuffersBytes : undefined) ?? DEFAULT_SEND_BUFFERS_BYTES;
  let links = 0;
  let bytes = 0;
  let most = 0;
  for (const { queuedBytes } of swarm.sessions()) {
    bytes += queuedBytes;
    most += Math.max(LEAST_BYTES, all / ++links) + stage.scenario.pieceLength + SMALL_MESSAGES_BYTES;
  }
  if (bytes > most) fail(`has ${bytes} bytes wait in ${links} sockets, more than ${most.toFixed(0)}`);
}

function checkAddresses({ swarm }: TorrentSession, fail: Fail): void {
  const hosts = new Map<string, Map<string, number>>();
  let count = 0;
  for (const address of swarm.knownAddresses()) {
    const [, host = address, port = ""] = /^\w+:\/\/([^/:]+)(?::(\d+))?/.exec(address) ?? [];
    const doors = hosts.get(host) ?? new Map<string, number>();
    hosts.set(host, doors.set(port, (doors.get(port) ?? 0) + 1));
    count++;
  }
  if (count > MAX_ADDRESSES) fail(`knows ${count} addresses`);
  for (const [host, doors] of hosts) {
    if (doors.size > MAX_DOORS_OF_HOST) fail(`knows ${doors.size} ports of ${host}`);
    for (const [port, ways] of doors) if (ways > MAX_WAYS) fail(`knows ${ways} ways to port ${port} of ${host}`);
  }
}

function checkRelays({ role }: Machine, { swarm }: TorrentSession, fail: Fail): void {
  if (role.kind !== "peer" || role.plan.isDialable) return;
  let links = 0;
  for (const { inbound, remote } of swarm.sessions()) if (!inbound && remote.isRelay) links++;
  if (links > MAX_RELAY_LINKS) fail(`has links to ${links} relays`);
}
