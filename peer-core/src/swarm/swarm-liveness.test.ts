import { describe, expect, it } from "vitest";
import { createMicrotaskHasher } from "../../testing/microtask-hasher.js";
import { FlakyPeer } from "../../testing/flaky-peer.js";
import { seededRandom, type SeededRandom } from "../../testing/seeded-random.js";
import { VirtualClock } from "../../testing/virtual-clock.js";
import { ByteBudget } from "../base/byte-budget.js";
import { peerIdFromBytes } from "../base/ids.js";
import { RateLimiter } from "../base/rate-limiter.js";
import { createMetainfo } from "../torrent/create-metainfo.js";
import { UNIT_BYTES } from "../torrent/geometry.js";
import type { Metainfo } from "../torrent/metainfo.js";
import { encodeExtendedHandshake } from "../wire/extensions/extended-handshake.js";
import { encodeDontHave } from "../wire/extensions/dont-have-message.js";
import { QueueDepth } from "./download/queue-depth.js";
import { Reputation } from "./members/reputation.js";
import { Swarm } from "./swarm.js";

const PIECES = 6;
const UNITS = 5;
const PIECE_LENGTH = UNITS * UNIT_BYTES;
const STEPS = 300;
/** Seeds 1 to this; SHOAL_SEED runs one alone. */
const RUNS = 300;
/** 10 s until the last flaky peer's requests are given up, and 60 s where it alone seems to have a block. */
const PATIENCE_S = 90;

/** A swarm of one of ours and peers that do whatever the wire allows, in any order. */
class FlakySwarm {
  readonly clock = new VirtualClock();
  readonly peers: FlakyPeer[] = [];
  readonly random: SeededRandom;
  readonly swarm: Swarm;
  isComplete = false;
  readonly #content: Uint8Array;
  readonly #failures: string[] = [];

  constructor(metainfo: Metainfo, content: Uint8Array, random: SeededRandom) {
    this.random = random;
    this.#content = content;
    const isTight = random.float() < 0.5;
    this.swarm = new Swarm({
      infoHash: metainfo.infoHash,
      peerId: peerIdFromBytes(new Uint8Array(20).fill(0x50)),
      runtime: { clock: this.clock, random, hasher: createMicrotaskHasher() },
      dialer: { canDial: () => true, dial: () => new Promise(() => undefined) },
      reputation: new Reputation(),
      clientName: "test",
      relays: [],
      asksToKeep: false,
      metainfo,
      upLimiter: new RateLimiter(0),
      downLimiter: new RateLimiter(0),
      listen: () => ({}),
      hasRoomForConnection: () => true,
      sendBufferBytes: () => 2 ** 20,
      depth: new QueueDepth(),
      unverified: new ByteBudget(isTight ? 2 * PIECE_LENGTH : 2 ** 30),
      host: {
        onMetadata: () => undefined,
        onPiece: () => undefined,
        onLostPiece: () => undefined,
        onComplete: () => (this.isComplete = true),
        onPeer: (_session, _change, reason) => {
          if (reason?.includes("never asked") === true) this.#failures.push(reason);
        },
        onBanned: () => undefined,
        onWarning: () => undefined,
        onFailed: (error) => this.#failures.push(error.message),
      },
    });
    const store = {
      present: () => new Uint8Array(PIECES),
      read: () => Promise.resolve(),
      write: () => Promise.resolve(),
      flush: () => Promise.resolve(),
      remove: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    this.swarm.adopt(metainfo, store, new Uint32Array(PIECES).fill(PIECE_LENGTH));
  }

  get failures(): readonly string[] {
    return this.#failures;
  }

  add(supportsFast = this.random.float() < 0.6): FlakyPeer {
    const number = this.peers.length + 1;
    const peer = new FlakyPeer({
      clock: this.clock,
      owner: this.swarm,
      peerId: peerIdFromBytes(new Uint8Array(20).fill(number)),
      address: `198.51.100.${number}`,
      isOutbound: this.random.float() < 0.3,
      supportsFast,
    });
    const extensions = { ut_metadata: 3, lt_donthave: 7 };
    const blockMax = this.random.float() < 0.5 ? 262_144 : undefined;
    peer.say({ type: "extended", id: 0, payload: encodeExtendedHandshake({ extensions, blockMax }) });
    peer.onCancel = (cancelled) => this.#onCancel(peer, cancelled);
    this.peers.push(peer);
    return peer;
  }

  answer(peer: FlakyPeer, request: { piece: number; begin: number; length: number }, isBad = false): void {
    const at = request.piece * PIECE_LENGTH + request.begin;
    const block = this.#content.slice(at, at + request.length);
    if (isBad) block[0] = (block[0] ?? 0) ^ 1;
    peer.say({ type: "piece", piece: request.piece, begin: request.begin, block });
  }

  /** One thing that a peer may do. */
  act(peer: FlakyPeer): void {
    const { random } = this;
    const piece = random.int(PIECES);
    const place = random.float() < 0.8 ? 0 : Math.floor(random.float() * peer.requests.length);
    const taken = () => peer.requests.splice(place, 1)[0];
    const acts: (() => void)[] = [
      ...Array.from({ length: 4 }, () => () => {
        const request = taken();
        if (request !== undefined) this.answer(peer, request, random.float() < 0.15);
      }),
      () => {
        const request = taken();
        if (request !== undefined) peer.say({ ...request, type: "reject" });
      },
      () => this.#choke(peer),
      () => peer.say({ type: "unchoke" }),
      () => peer.say({ type: "unchoke" }),
      () => peer.say({ type: "have", piece }),
      () => peer.say({ type: "extended", id: 2, payload: encodeDontHave(piece) }),
      () => peer.say({ type: "interested" }),
      () => peer.say({ type: "request", piece, begin: 0, length: UNIT_BYTES }),
      () => peer.say(random.pick([{ type: "have-all" }, { type: "have-none" }, bitfield(random.int(64))] as const)),
      () => random.float() < 0.3 && peer.vanish(),
    ];
    random.pick(acts)();
  }

  #choke(peer: FlakyPeer): void {
    peer.say({ type: "choke" });
    if (this.random.float() < 0.3) return;
    for (const request of peer.requests.splice(0)) {
      if (peer.session.remote.supportsFast) peer.say({ ...request, type: "reject" });
    }
  }

  #onCancel(peer: FlakyPeer, cancelled: { piece: number; begin: number; length: number }): void {
    if (this.random.float() < 0.3) return;
    const index = peer.requests.findIndex(
      ({ piece, begin, length }) =>
        piece === cancelled.piece && begin === cancelled.begin && length === cancelled.length,
    );
    if (index < 0) return;
    peer.requests.splice(index, 1);
    if (this.random.float() < 0.7) peer.say({ type: "reject", ...cancelled });
  }
}

function bitfield(bits: number) {
  return { type: "bitfield", bytes: new Uint8Array([bits << 2]) } as const;
}

describe("a swarm of peers that do whatever the wire allows", () => {
  it("keeps its books, and completes soon after an honest seed has come", async () => {
    const content = seededRandom(1).bytes(PIECES * PIECE_LENGTH);
    const metainfo = await metainfoOf(content);
    const only = process.env.SHOAL_SEED;
    const seeds = only === undefined ? Array.from({ length: RUNS }, (_, index) => index + 1) : [Number(only)];
    for (const seed of seeds) {
      const failure = await run(new FlakySwarm(metainfo, content, seededRandom(seed)));
      expect(failure, `seed ${seed} (SHOAL_SEED=${seed} runs it alone)`).toBeUndefined();
    }
  });
});

/** What went wrong; undefined: nothing. */
async function run(flaky: FlakySwarm): Promise<string | undefined> {
  const { random, clock, swarm } = flaky;
  for (let count = 0; count < 4; count++) flaky.add();
  for (let step = 0; step < STEPS; step++) {
    const open = flaky.peers.filter((peer) => !peer.isClosed);
    if (open.length < 2 || (flaky.peers.length < 60 && random.float() < 0.02)) flaky.add();
    else flaky.act(random.pick(open));
    await clock.advance(random.float() < 0.1 ? random.int(4) * 700 : 0);
    const wrong = wrongBooks(flaky);
    if (wrong !== undefined) return `step ${step}: ${wrong}`;
  }
  const honest = flaky.add(true);
  honest.onRequest = (request) => void Promise.resolve().then(() => flaky.answer(honest, request));
  honest.say({ type: "have-all" });
  honest.say({ type: "unchoke" });
  for (let second = 0; second < PATIENCE_S && !flaky.isComplete; second++) {
    for (const peer of flaky.peers) peer.say({ type: "keep-alive" });
    await clock.advance(1_000);
  }
  const states = swarm.view().verifiedPieces;
  swarm.stop();
  await clock.advance(0);
  if (clock.pendingTimers > 0) return `${clock.pendingTimers} timers are left`;
  if (flaky.failures.length > 0) return flaky.failures.join("; ");
  return flaky.isComplete ? undefined : `${states} of ${PIECES} pieces ${PATIENCE_S} s after an honest seed came`;
}

/** Whatever is asked of somebody belongs to a piece that is being downloaded. */
function wrongBooks({ swarm, peers }: FlakySwarm): string | undefined {
  const table = swarm.content?.table;
  if (table === undefined) return "there is no content";
  for (const peer of peers) {
    if (peer.isClosed) continue;
    for (const { piece } of peer.session.requests.outstanding()) {
      const state = table.state(table.geometry.pieceIndex(piece));
      if (state !== "downloading") return `piece ${piece} is asked for and ${state}`;
    }
  }
  return undefined;
}

function metainfoOf(content: Uint8Array): Promise<Metainfo> {
  const read = (position: number, into: Uint8Array) => {
    const part = content.subarray(position, position + into.length);
    into.set(part);
    return Promise.resolve(part.length);
  };
  const files = [{ path: ["x"], length: content.length, read }];
  const options = { name: "x", files, isMultiFile: false, pieceLength: PIECE_LENGTH };
  return createMetainfo({ ...options, hasher: createMicrotaskHasher() });
}
