import { RateMeter } from "../src/base/rate-meter.js";
import type { ExtensionMessage } from "../src/peer/extension-codec.js";
import type { PeerSession } from "../src/peer/peer-session.js";
import { RequestWindow } from "../src/peer/request-window.js";
import { RemotePeer } from "../src/peer/remote-peer.js";
import { Bitfield } from "../src/torrent/bitfield.js";
import type { ExtendedHandshake } from "../src/wire/extensions/extended-handshake.js";
import { fieldOf } from "./swarm-script.js";

/** A connected peer, one character per piece. */
export interface PeerDrawing {
  /** "x" for what it holds. */
  readonly has: string;
  /** "x" for what it wants of a relay; it has said nothing when left out. */
  readonly wants?: string;
  /** What it has told of itself; it is software that tells nothing when left out. */
  readonly told?: ExtendedHandshake;
  readonly isWebSeed?: boolean;
  /** When its link stood. */
  readonly openedAt?: number;
}

/** What a peer of ours tells of itself. */
export const OURS: ExtendedHandshake = { extensions: { sh_want: 6 } };

let peersDrawn = 0;

/** A peer as the other side of a session, which writes down what it is told. */
export class DrawnPeer {
  readonly session: PeerSession;
  /** What it has been told, in order. */
  readonly heard: ExtensionMessage[] = [];

  constructor({ has, wants, told, isWebSeed = false, openedAt = 0 }: PeerDrawing) {
    const remote = new RemotePeer();
    remote.supportsExtensions = told !== undefined;
    if (told !== undefined) remote.onExtendedHandshake(told);
    remote.pieces.onBitfield(fieldOf(has).toWire());
    if (wants !== undefined) remote.wants.onWant(fieldOf(wants).toWire(), 0);
    remote.pieces.adopt(has.length);
    remote.wants.adopt(has.length);
    const sendExtension = (message: ExtensionMessage) => void this.heard.push(message);
    const upMeter = new RateMeter();
    const requests = new RequestWindow();
    const fields = { id: ++peersDrawn, remote, requests, isWebSeed, openedAt, upMeter, sendExtension };
    this.session = fields as unknown as PeerSession;
  }

  /** The wants that it has been told, drawn. */
  get heardWants(): string[] {
    const { size } = this.session.remote.pieces.bitfield ?? new Bitfield(0);
    return this.heard.flatMap((message) =>
      message.type === "want" ? [drawingOf(Bitfield.fromWire(message.bits, size))] : [],
    );
  }

  /** The promises to keep the share that it has been told. */
  get heardPromises(): number[] {
    return this.heard.flatMap((message) => (message.type === "kept" ? [message.untilMs] : []));
  }
}

/** "x" for each piece in the set, "." for each other. */
export function drawingOf(field: Bitfield): string {
  return Array.from({ length: field.size }, (_, piece) => (field.has(piece) ? "x" : ".")).join("");
}
