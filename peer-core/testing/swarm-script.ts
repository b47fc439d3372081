import { ByteBudget } from "../src/base/byte-budget.js";
import { invariant } from "../src/base/invariant.js";
import { RequestWindow, type OutRequest } from "../src/peer/request-window.js";
import { Availability } from "../src/swarm/pieces/availability.js";
import { DownloadScheduler, type Source } from "../src/swarm/download/download-scheduler.js";
import { PiecePicker } from "../src/swarm/download/piece-picker.js";
import { PieceTable } from "../src/swarm/pieces/piece-table.js";
import { Bitfield } from "../src/torrent/bitfield.js";
import { Geometry, UNIT_BYTES } from "../src/torrent/geometry.js";

/** A situation in a swarm, one character per piece. */
export interface SwarmScript {
  /** "x" here, "." missing, "-" missing and not wanted. */
  readonly have: string;
  /** What each peer holds, "x" or "."; one that is not named holds everything. */
  readonly peers?: Readonly<Record<string, string>>;
  /** A digit each: how many connected peers hold the piece. Counted from `peers` when left out. */
  readonly availability?: string;
  /** The name of the peer that all of the piece has been asked of, or ".". */
  readonly inFlight?: string;
  /** 16 KiB each; 1 when left out. */
  readonly unitsPerPiece?: number;
  readonly maxUnverifiedBytes?: number;
  /** Breaks ties between pieces equally rare; the first when left out. */
  readonly random?: { float(): number };
}

/** Everything that decides what to ask for next, in a situation drawn as strings. */
export class ScriptedSwarm {
  readonly geometry: Geometry;
  readonly table: PieceTable;
  readonly availability: Availability;
  readonly picker: PiecePicker;
  readonly scheduler: DownloadScheduler;
  readonly #script: SwarmScript;
  readonly #sources = new Map<string, Source>();

  constructor(script: SwarmScript) {
    const { have, unitsPerPiece = 1, random = { float: () => 0 } } = script;
    this.#script = script;
    this.geometry = new Geometry(have.length * unitsPerPiece * UNIT_BYTES, unitsPerPiece * UNIT_BYTES);
    const wanted = new Bitfield(have.length);
    for (let piece = 0; piece < have.length; piece++) if (have[piece] !== "-") wanted.set(piece);
    this.table = new PieceTable(this.geometry, fieldOf(have), wanted);
    this.availability = this.#countHolders();
    this.picker = new PiecePicker(this.table, this.availability, { ...random, bytes: (n) => new Uint8Array(n) });
    this.scheduler = new DownloadScheduler(
      this.table,
      this.picker,
      new ByteBudget(script.maxUnverifiedBytes ?? 2 ** 30),
    );
    Array.from(script.inFlight ?? "").forEach((peer, piece) => {
      if (peer !== ".") this.#askAll(peer, piece);
    });
  }

  source(peer: string): Source {
    const known = this.#sources.get(peer);
    if (known !== undefined) return known;
    const pieces = this.#piecesOf(peer);
    const id = peer.charCodeAt(0);
    const source = { id, pieces, requests: new RequestWindow(), longestBlock: UNIT_BYTES, requestQueue: 250 };
    this.#sources.set(peer, source);
    return source;
  }

  /** The piece of the next block asked of a peer; undefined when there is nothing to ask it for. */
  pick(peer: string): number | undefined {
    return this.scheduler.plan(this.source(peer), 1, 0)[0]?.piece;
  }

  /** The next blocks asked of a peer, at most `count`, as "PIECE.UNIT". */
  ask(peer: string, count: number): string {
    return this.scheduler
      .plan(this.source(peer), count * UNIT_BYTES, 0)
      .map(blockName)
      .join(" ");
  }

  /** A peer delivers "PIECE.UNIT"; true when the piece is complete with it. */
  deliver(peer: string, block: string): boolean {
    const { piece, begin } = parseBlock(block);
    const source = this.source(peer);
    const settled = source.requests.settle(piece, begin, UNIT_BYTES, 1);
    invariant(settled !== undefined, `${peer} was not asked for ${block}`);
    const assembly = this.scheduler.get(piece);
    if (assembly === undefined) return false;
    if (!settled.late) assembly.unreserve(assembly.runOf(begin, UNIT_BYTES));
    assembly.add(begin, new Uint8Array(UNIT_BYTES), source.id);
    return assembly.isComplete;
  }

  /** A peer does not deliver "PIECE.UNIT". */
  giveUp(peer: string, block: string): void {
    const { piece, begin } = parseBlock(block);
    const { requests } = this.source(peer);
    const request = [...requests.outstanding()].find((asked) => asked.piece === piece && asked.begin === begin);
    if (request !== undefined && requests.giveUp(request)) this.scheduler.released(request);
  }

  /** A peer goes. */
  leave(peer: string): void {
    const source = this.source(peer);
    for (const request of source.requests.releaseAll()) this.scheduler.released(request);
    this.scheduler.sourceGone(source.id);
  }

  /** One character per piece: "x" here, "v" being verified, "d" downloading, "." missing. */
  drawing(): string {
    const letters = { have: "x", verifying: "v", downloading: "d", missing: "." };
    return [...this.geometry.pieces()].map((piece) => letters[this.table.state(piece)]).join("");
  }

  #piecesOf(peer: string): Bitfield {
    const drawn = this.#script.peers?.[peer];
    return drawn === undefined ? Bitfield.full(this.#script.have.length) : fieldOf(drawn);
  }

  #askAll(peer: string, piece: number): void {
    const only = new Bitfield(this.#script.have.length);
    only.set(piece);
    const source = { ...this.source(peer), pieces: only };
    this.scheduler.plan(source, this.geometry.pieceLength, 0);
  }

  #countHolders(): Availability {
    const { have, peers, availability } = this.#script;
    const holders = new Availability(have.length);
    if (availability === undefined) {
      for (const drawn of Object.values(peers ?? {})) holders.add(fieldOf(drawn));
      return holders;
    }
    for (let level = 1; level <= 9; level++) {
      const drawn = Array.from(availability)
        .map((digit) => (Number(digit) >= level ? "x" : "."))
        .join("");
      holders.add(fieldOf(drawn));
    }
    return holders;
  }
}

/** Sets the scene. */
export function script(situation: SwarmScript): ScriptedSwarm {
  return new ScriptedSwarm(situation);
}

/** The set of the places at which "x" stands. */
export function fieldOf(drawn: string): Bitfield {
  return Bitfield.fromFlags(Uint8Array.from(drawn, (character) => (character === "x" ? 1 : 0)));
}

function blockName(request: OutRequest): string {
  return `${request.piece}.${request.begin / UNIT_BYTES}`;
}

function parseBlock(block: string): { piece: number; begin: number } {
  const [piece = 0, unit = 0] = block.split(".").map(Number);
  return { piece, begin: unit * UNIT_BYTES };
}
