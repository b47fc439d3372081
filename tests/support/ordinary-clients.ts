import { expect } from "vitest";
import { extendedFrame, fieldAt, frame, ID, RawPeer, type RawBehaviour, type RawLink } from "./raw-peer.js";
import { Simulation, type SimulatedPeer } from "./simulated-swarm.js";

const KIB = 1024;
/** Bytes that one request asks for. */
export const UNIT = 16 * KIB;
const PIECE = 64 * KIB;
/** Pieces of the share. */
export const PIECES = 10;
/** A bitfield of PIECES ones. */
const ALL = Uint8Array.of(0xff, 0xc0);
export const HAVE_ALL = frame(ID.haveAll);
export const BITFIELD = frame(ID.bitfield, ALL);

/** Which extensions of the protocol it speaks: all unless told otherwise. */
export interface Knows {
  readonly fast?: boolean;
  readonly extensions?: boolean;
}

/** A simulation of a share of PIECES pieces. */
export function simulationOf(): Promise<Simulation> {
  return Simulation.create({ seed: 9, length: PIECES * PIECE, pieceLength: PIECE });
}

/** Sends the block that a request asks for. */
export function answer(link: RawLink, { content }: Simulation, request: Uint8Array): void {
  const [piece, begin, length] = [fieldAt(request, 0), fieldAt(request, 1), fieldAt(request, 2)];
  const offset = piece * PIECE + begin;
  link.say(ID.piece, piece, begin, content.slice(offset, offset + length));
}

/** Ours, and a seed of other software to which it dials. */
export async function download(behaviour: (simulation: Simulation) => RawBehaviour) {
  const simulation = await simulationOf();
  const raw = new RawPeer(simulation.network.host("stranger"), simulation.infoHash, behaviour(simulation));
  const leech = simulation.add("leech");
  leech.session.addEndpoints([raw.address]);
  return { simulation, raw, leech };
}

/** A seed that says `oddities` after the handshake, and then behaves. */
export function oddSeed(oddities: readonly Uint8Array[], knows: Knows = {}) {
  return (simulation: Simulation): RawBehaviour => ({
    onOpen: (link) => {
      link.hello(knows);
      link.raw(...oddities, frame(ID.unchoke));
    },
    onMessage: (link, { id, body }) => id === ID.request && answer(link, simulation, body),
  });
}

/** It came on the first link, which nobody closed for a fault, and everything ends. */
export async function expectComplete(
  scene: { simulation: Simulation; raw: RawPeer; leech: SimulatedPeer },
  limitMs = 30_000,
) {
  const { simulation, raw, leech } = scene;
  expect(await simulation.allComplete([leech], limitMs), JSON.stringify(raw.closeCodes)).toBe(true);
  expect(await simulation.holdsEverything(leech)).toBe(true);
  expect(raw.links).toHaveLength(1);
  expect(raw.closeCodes).toEqual([]);
  await simulation.close();
  expect(simulation.clock.pendingTimers).toBe(0);
}

/** Extended handshakes as these clients write them. */
export const LIBTORRENT = extendedFrame(0, {
  complete_ago: -1,
  m: new Map(
    ["lt_donthave", "share_mode", "upload_only", "ut_holepunch", "ut_metadata", "ut_pex"].map((n, i) => [n, i + 2]),
  ),
  metadata_size: 400,
  reqq: 500,
  share_mode: 1,
  v: "libtorrent/2.0.8.0",
  yourip: Uint8Array.of(10, 0, 0, 2),
});
export const TRANSMISSION = extendedFrame(0, {
  e: 1,
  ipv6: new Uint8Array(16),
  m: new Map([
    ["ut_metadata", 3],
    ["ut_pex", 1],
  ]),
  metadata_size: 0,
  p: 51_413,
  reqq: 512,
  upload_only: 1,
  v: "Transmission 4.0.6",
});
export const ARIA2 = extendedFrame(0, { m: new Map([["ut_metadata", 9]]), p: 6_881, v: "aria2/1.37.0" });
export const WEBTORRENT = extendedFrame(0, { m: new Map([["ut_metadata", 1]]), metadata_size: 400 });
