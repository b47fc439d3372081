import { beforeEach, describe, expect, it } from "vitest";
import { MemoryWeb } from "../../testing/memory-web.js";
import { shareOf, type TestShare } from "../../testing/share-of.js";
import { VirtualClock } from "../../testing/virtual-clock.js";
import { equalBytes } from "../base/bytes.js";
import { peerIdFromBytes } from "../base/ids.js";
import type { CloseReason } from "../ports/connection.js";
import { Bitfield } from "../torrent/bitfield.js";
import { WireDecoder } from "../wire/decode.js";
import { encodeMessage } from "../wire/encode.js";
import { encodeHandshake } from "../wire/handshake.js";
import { MAX_QUEUED_REQUESTS } from "../wire/limits.js";
import type { WireMessage } from "../wire/messages.js";
import type { SeedFailure } from "./seed-failure.js";
import { WebSeedConnection } from "./web-seed-connection.js";

const PIECE = 32_768;
const SEED = "http://seed.example/pub/";

let share: TestShare;
beforeEach(async () => {
  share = await shareOf([
    ["a", 40_000],
    ["empty", 0],
    ["sub/b", 60_000],
    ["z", 30_000],
  ]);
});

/** A dialogue with a web seed: what was said to it, and what it said. */
class Dialogue {
  readonly web = new MemoryWeb();
  readonly clock = new VirtualClock();
  readonly heard: WireMessage[] = [];
  readonly failures: (readonly [SeedFailure, number])[] = [];
  readonly closed: CloseReason[] = [];
  readonly connection: WebSeedConnection;

  constructor(pieces = Bitfield.full(share.metainfo.geometry.pieceCount)) {
    for (const [path, bytes] of share.files) this.web.files.set(`${SEED}share/${path}`, bytes);
    const { metainfo } = share;
    this.connection = new WebSeedConnection({
      url: SEED,
      infoHash: metainfo.infoHash,
      peerId: peerIdFromBytes(new Uint8Array(20).fill(5)),
      metainfo,
      pieces,
      maxRequests: 2,
      tools: { source: this.web, clock: this.clock },
      onFailure: (failure, file) => this.failures.push([failure, file]),
    });
    const decoder = new WireDecoder({
      onHandshake: () => undefined,
      onMessage: (message) => this.heard.push(structuredClone(message)),
      maxBlockBytes: () => 262_144,
    });
    this.connection.attach({
      onBytes: (bytes) => decoder.push(bytes),
      onDrain: () => undefined,
      onClosed: (reason) => this.closed.push(reason),
    });
    const peerId = peerIdFromBytes(new Uint8Array(20));
    const { infoHash } = metainfo;
    this.connection.send(encodeHandshake({ infoHash, peerId, supportsExtensions: true, supportsFast: true }));
  }

  /** Says it all at once and lets what follows from it happen. */
  async say(...messages: Exclude<WireMessage, { type: "unknown" }>[]): Promise<WireMessage[]> {
    const from = this.heard.length;
    const bytes = messages.flatMap((message) => [...encodeMessage(message)]);
    if (bytes.length > 0) this.connection.send(Uint8Array.from(bytes));
    await this.clock.advance(1);
    return this.heard.slice(from);
  }

  get asked(): string[] {
    return this.web.requests.map(({ url, from, until }) => `${url.slice(SEED.length)} ${from}-${until}`);
  }
}

function request(piece: number, begin = 0, length = PIECE) {
  return { type: "request", piece, begin, length } as const;
}

function typesOf(messages: readonly WireMessage[]): string[] {
  return messages.map(({ type }) => type);
}

describe("WebSeedConnection", () => {
  it("greets as a seed that serves at once, and asks nothing of the server before it is asked", async () => {
    const dialogue = new Dialogue();
    expect(typesOf(await dialogue.say())).toEqual(["have-all", "extended", "unchoke"]);
    expect(dialogue.asked).toEqual([]);
  });

  it("tells which pieces it has when some files are missing", async () => {
    const pieces = Bitfield.full(4);
    pieces.clear(1);
    const dialogue = new Dialogue(pieces);
    expect(typesOf(await dialogue.say())).toEqual(["bitfield", "extended", "unchoke"]);
    expect(await dialogue.say(request(1))).toEqual([{ ...request(1), type: "reject" }]);
  });

  it("answers blocks with the bytes of the files they lie in, one range for each file", async () => {
    const dialogue = new Dialogue();
    const { content } = share;
    const units = [0, 16_384].flatMap((begin) => [0, 1].map((piece) => request(piece, begin, 16_384)));
    const heard = (await dialogue.say(...units, request(3, 0, 1))).filter((message) => message.type === "piece");
    expect(heard).toHaveLength(5);
    for (const { piece, begin, block } of heard) {
      const at = piece * PIECE + begin;
      expect(equalBytes(block, content.subarray(at, at + block.length)), `${piece} ${begin}`).toBe(true);
    }
    expect(dialogue.asked).toEqual(["share/a 0-40000", "share/sub/b 0-25536", "share/sub/b 58304-58305"]);
  });

  it("never has more requests under way than it may", async () => {
    const dialogue = new Dialogue();
    dialogue.web.answer = () => ({ body: new Uint8Array(0), stalls: true });
    await dialogue.say(request(0, 0, 10), request(0, 20, 10), request(0, 40, 10), request(0, 60, 10));
    expect(dialogue.asked).toEqual(["share/a 0-10", "share/a 20-30"]);
  });

  it("rejects what is cancelled, and goes on with the rest", async () => {
    const dialogue = new Dialogue();
    dialogue.web.answer = ({ from }) => (from === 0 ? { body: new Uint8Array(5), stalls: true } : undefined);
    await dialogue.say(request(0, 0, 10), request(0, 20, 10), request(0, 40, 10));
    expect(await dialogue.say({ ...request(0, 0, 10), type: "cancel" })).toEqual([
      { type: "reject", piece: 0, begin: 0, length: 10 },
    ]);
    expect(await dialogue.say({ ...request(0, 0, 10), type: "cancel" })).toEqual([]);
    expect(dialogue.closed).toEqual([]);
    expect(typesOf(await dialogue.say(request(1, 0, 10)))).toEqual(["piece"]);
    expect(dialogue.web.openAnswers).toBe(0);
  });

  it("rejects more requests than it queues, and the same one twice", async () => {
    const dialogue = new Dialogue();
    dialogue.web.answer = () => ({ body: new Uint8Array(0), stalls: true });
    await dialogue.say();
    const many = Array.from({ length: MAX_QUEUED_REQUESTS + 1 }, (_, at) => request(0, at * 2, 1));
    expect(await dialogue.say(...many)).toEqual([
      { type: "reject", piece: 0, begin: 2 * MAX_QUEUED_REQUESTS, length: 1 },
    ]);
    expect(typesOf(await dialogue.say(request(0, 300, 1)))).toEqual(["reject"]);
  });

  it("answers keep-alives, so that a long wait for the server is not taken for a dead link", async () => {
    expect(typesOf(await new Dialogue().say({ type: "keep-alive" }))).toContain("keep-alive");
  });

  it("rejects what did not come of a range that broke off, and ends when that happens again and again", async () => {
    const dialogue = new Dialogue();
    const breaking = { body: new Uint8Array(20_000) };
    dialogue.web.answer = () => (dialogue.web.requests.length % 2 === 1 ? breaking : undefined);
    const [first, second] = [request(0, 0, 16_384), request(0, 16_384, 16_384)];
    for (let time = 0; time < 5; time++) {
      expect(typesOf(await dialogue.say(first, second)).slice(-2)).toEqual(["piece", "reject"]);
      expect(typesOf(await dialogue.say(second))).toEqual(["piece"]);
    }
    dialogue.web.answer = () => breaking;
    for (let time = 0; time < 3; time++) await dialogue.say(first, second);
    expect(dialogue.failures).toMatchObject([[{ kind: "trouble" }, 0]]);
    expect(dialogue.closed).toMatchObject([{ code: 1006, remote: true }]);
  });

  it("sends one request at a time to a server for which more were too many, and ends when one is thrice", async () => {
    const dialogue = new Dialogue();
    const silent = { body: new Uint8Array(0), stalls: true };
    dialogue.web.answer = ({ from }) => (from === 0 ? silent : { status: 503 });
    const [first, other] = [request(0, 0, 10), request(0, 20, 10)];
    expect((await dialogue.say(first, other)).slice(-1)).toEqual([{ ...other, type: "reject" }]);
    await dialogue.say(other);
    expect(dialogue.asked).toHaveLength(2);
    await dialogue.say({ ...first, type: "cancel" });
    for (let time = 0; time < 2; time++) {
      expect(dialogue.closed).toHaveLength(0);
      await dialogue.say(other);
    }
    expect(dialogue.asked).toHaveLength(5);
    expect(dialogue.failures).toMatchObject([[{ kind: "busy" }, 0]]);
    expect(dialogue.closed).toHaveLength(1);
  });

  it("ends at once when a file is not there, and tells which", async () => {
    const dialogue = new Dialogue();
    dialogue.web.files.delete(`${SEED}share/sub/b`);
    await dialogue.say(request(0), request(2));
    expect(dialogue.failures).toEqual([[{ kind: "file", message: "the server answers 404" }, 2]]);
    expect(dialogue.closed).toEqual([{ code: 1006, message: "the server answers 404", remote: true }]);
    expect(typesOf(await dialogue.say(request(0)))).toEqual([]);
    expect(dialogue.closed).toHaveLength(1);
  });

  it("lets go of everything when it is closed, and says nothing more", async () => {
    const dialogue = new Dialogue();
    dialogue.web.answer = () => ({ body: new Uint8Array(5), stalls: true });
    await dialogue.say(request(0), request(2));
    dialogue.connection.close(4004, "piece 0");
    dialogue.connection.close(1000, "again");
    expect(dialogue.closed).toEqual([]);
    expect(await dialogue.say(request(1))).toEqual([]);
    expect(dialogue.closed).toEqual([{ code: 4004, message: "piece 0", remote: false }]);
    expect(dialogue.failures).toEqual([]);
    expect([dialogue.web.openAnswers, dialogue.clock.pendingTimers]).toEqual([0, 0]);
  });
});
