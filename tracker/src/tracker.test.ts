import type { WireId } from "@shoal/peer-core/announce";
import { expect, test } from "vitest";
import {
  ANNOUNCE_BURST,
  ANNOUNCE_SECONDS,
  ANSWER_BURST,
  EXPIRY_SLACK_SECONDS,
  HAVE_BURST,
  INTERVAL_SECONDS,
  MAX_HELD_BYTES_PER_SOCKET,
  MAX_NOTICE_RECEIVERS,
  MAX_PEERS_TOLD,
  MAX_SWARMS_PER_SOCKET,
} from "./limits.js";
import { infoHash, request, TrackerBench as Bench, type RecordingLine } from "./testing/tracker-bench.js";

test("tells who waits of a newcomer at once, and of those of the next second together", async () => {
  const bench = new Bench();
  const waiting = bench.line();
  await bench.announce(waiting, "w");
  for (const [index, name] of ["a", "b", "c"].entries()) {
    await bench.announce(bench.line(`9.0.0.${index}`), name, { port: 7 });
  }
  expect(waiting.notices).toEqual([["ws://9.0.0.0:7/peer"]]);
  await bench.clock.advance(999);
  expect(waiting.notices).toHaveLength(1);
  await bench.clock.advance(1);
  expect(waiting.notices.slice(1)).toEqual([["ws://9.0.0.1:7/peer", "ws://9.0.0.2:7/peer"]]);
});

test("tells seeds of no seeds, nobody of himself, and only those who asked for notices", async () => {
  const bench = new Bench();
  const [seed, leech, silent, newcomer] = [bench.line(), bench.line(), bench.line(), bench.line()];
  await bench.announce(seed, "s", { left: 0 });
  await bench.announce(leech, "l");
  await bench.announce(silent, "q", { wantsNotice: false });
  await bench.announce(newcomer, "n", { left: 0, port: 7 });
  expect([seed, leech, silent, newcomer].map(({ notices }) => notices.length)).toEqual([0, 1, 0, 0]);
});

test("tells a newcomer to so many waiting peers and no more", async () => {
  const bench = new Bench();
  const lines = Array.from({ length: MAX_NOTICE_RECEIVERS + 20 }, () => bench.line());
  for (const [index, line] of lines.entries()) bench.tracker.announce(line, request(`w${index}`));
  await bench.announce(bench.line(), "n", { port: 7 });
  expect(lines.filter(({ notices }) => notices.length > 0)).toHaveLength(MAX_NOTICE_RECEIVERS);
});

test("tells private addresses to private peers only, and reaches its own machine as its neighbours do", async () => {
  const bench = new Bench();
  await bench.announce(bench.line("10.0.0.1", "private"), "p", { port: 1 });
  await bench.announce(bench.line("127.0.0.1", "loopback"), "l", { port: 2 });
  await bench.announce(bench.line("9.9.9.9"), "g", { port: 3 });
  const seen = async (line: RecordingLine, name: string) => (await bench.announce(line, name)).peers;
  expect(await seen(bench.line(), "x")).toEqual(["ws://9.9.9.9:3/peer"]);
  const neighbour = bench.line("10.0.0.2", "private", { localIp: "10.0.0.254" });
  expect(await seen(neighbour, "y")).toEqual(["ws://10.0.0.1:1/peer", "ws://10.0.0.254:2/peer", "ws://9.9.9.9:3/peer"]);
  const local = bench.line("127.0.0.1", "loopback");
  expect(await seen(local, "z")).toEqual(["ws://10.0.0.1:1/peer", "ws://127.0.0.1:2/peer", "ws://9.9.9.9:3/peer"]);
});

test("lists a peer under its new port after it has changed", async () => {
  const bench = new Bench();
  const [line, other] = [bench.line("9.9.9.9"), bench.line()];
  await bench.announce(line, "a", { port: 1 });
  await bench.announce(line, "a", { port: 2 });
  expect((await bench.announce(other, "b")).peers).toEqual(["ws://9.9.9.9:2/peer"]);
  await bench.announce(line, "a");
  expect((await bench.announce(other, "b")).peers).toEqual([]);
});

test("tells as many peers as wanted, at most the limit", async () => {
  const bench = new Bench(0);
  for (let index = 0; index < MAX_PEERS_TOLD + 10; index++)
    await bench.announce(bench.line(), `p${index}`, { port: 7 });
  const line = bench.line();
  expect((await bench.announce(line, "x")).peers).toHaveLength(MAX_PEERS_TOLD);
  expect((await bench.announce(line, "x", { numWant: 3 })).peers).toHaveLength(3);
  expect((await bench.announce(line, "x", { numWant: 1_000 })).peers).toHaveLength(MAX_PEERS_TOLD);
  expect((await bench.announce(line, "x", { numWant: 0 })).peers).toEqual([]);
});

test("answers what exceeds the rate from the last reply, with true counts", async () => {
  const bench = new Bench();
  const line = bench.line();
  await bench.announce(bench.line("9.9.9.1"), "a", { port: 7 });
  for (let time = 0; time < ANNOUNCE_BURST; time++) await bench.announce(line, "x");
  await bench.announce(bench.line("9.9.9.2"), "b", { port: 7 });
  const limited = await bench.announce(line, "x", { event: "completed", left: 0 });
  expect(limited).toMatchObject({ peers: ["ws://9.9.9.1:7/peer"], complete: 1, incomplete: 2 });
  expect(bench.tracker.limitedCount).toBe(1);
  await bench.clock.advance(ANNOUNCE_SECONDS * 1000);
  expect((await bench.announce(line, "x")).peers).toHaveLength(2);
});

test("an allowance is not renewed by stopping and starting", async () => {
  const bench = new Bench();
  const line = bench.line();
  for (let time = 0; time < ANNOUNCE_BURST / 2; time++) {
    await bench.announce(line, "x", { event: "started" });
    await bench.announce(line, "x", { event: "stopped" });
  }
  await bench.announce(line, "x", { event: "started" });
  expect(bench.tracker.limitedCount).toBe(1);
});

test("a rate of 0 limits nothing", async () => {
  const bench = new Bench(0);
  const line = bench.line();
  for (let time = 0; time < 100; time++) await bench.announce(line, "x");
  expect(bench.tracker.limitedCount).toBe(0);
});

test("a registration belongs to peer id and line: the late close of an old line removes nothing new", async () => {
  const bench = new Bench();
  const [older, newer] = [bench.line("9.9.9.9"), bench.line("9.9.9.9")];
  await bench.announce(older, "a", { port: 7 });
  await bench.announce(newer, "a", { port: 7 });
  bench.tracker.leave(older);
  expect((await bench.announce(bench.line(), "b")).peers).toEqual(["ws://9.9.9.9:7/peer"]);
  bench.tracker.leave(newer);
  expect(bench.registry.peerCount).toBe(1);
});

test("drops a peer that is silent for two intervals and the slack", async () => {
  const bench = new Bench();
  await bench.announce(bench.line(), "a");
  await bench.clock.advance((2 * INTERVAL_SECONDS + EXPIRY_SLACK_SECONDS) * 1000 - 1000);
  bench.tracker.expire(100);
  expect(bench.registry.peerCount).toBe(1);
  await bench.clock.advance(1000);
  bench.tracker.expire(100);
  expect(bench.registry.peerCount).toBe(0);
});

test("passes offers to peers that sent an offers key, and answers back to who offered", async () => {
  const bench = new Bench();
  const [plain, able, caller] = [bench.line(), bench.line(), bench.line()];
  await bench.announce(plain, "p");
  await bench.announce(able, "a", { offers: [] });
  const offer = { type: "offer", sdp: "o" };
  await bench.announce(caller, "c", { offers: [1, 2].map((id) => ({ offerId: `${id}`, offer })) });
  const callerId = "c".padStart(20, "-") as WireId;
  expect(plain.told).toEqual([]);
  expect(able.told).toEqual([{ type: "offer", infoHash, peerId: callerId, offerId: "1", offer }]);
  const answer = { type: "answer", sdp: "a" };
  const peerId = "a".padStart(20, "-") as WireId;
  bench.tracker.answer(able, { type: "answer", infoHash, peerId, toPeerId: callerId, offerId: "1", answer });
  expect(caller.told).toEqual([{ type: "answer", infoHash, peerId, offerId: "1", answer }]);
});

test("passes no answers for somebody else, and no more than the allowance", async () => {
  const bench = new Bench();
  const [a, b] = [bench.line(), bench.line()];
  await bench.announce(a, "a", { offers: [] });
  await bench.announce(b, "b", { offers: [] });
  const [idA, idB] = ["a", "b"].map((name) => name.padStart(20, "-") as WireId) as [WireId, WireId];
  const answer = {
    type: "answer" as const,
    infoHash,
    toPeerId: idA,
    offerId: "1",
    answer: { type: "answer", sdp: "" },
  };
  bench.tracker.answer(b, { ...answer, peerId: idA });
  expect(a.told).toEqual([]);
  for (let time = 0; time < ANSWER_BURST + 10; time++) bench.tracker.answer(b, { ...answer, peerId: idB });
  expect(a.told).toHaveLength(ANSWER_BURST);
});

test("notes held pieces within the allowance and the memory of a line, and gives the memory back", async () => {
  const bench = new Bench();
  const line = bench.line();
  await bench.announce(line, "a");
  const held = () => bench.registry.find(infoHash)?.find("a".padStart(20, "-") as WireId)?.extras?.held;
  for (let piece = 0; piece < HAVE_BURST + 2; piece++) {
    bench.tracker.have(line, { type: "have", infoHash, pieces: { kind: "indexes", pieces: [piece] } });
  }
  expect(held()).toEqual(Uint8Array.of(0b11110000));
  const bytes = new Uint8Array(MAX_HELD_BYTES_PER_SOCKET + 1);
  await bench.clock.advance(60_000);
  bench.tracker.have(line, { type: "have", infoHash, pieces: { kind: "bitfield", bytes } });
  expect(line.heldBytes).toBe(1);
  bench.tracker.have(line, { type: "have", infoHash, pieces: { kind: "bitfield", bytes: bytes.subarray(1) } });
  expect(line.heldBytes).toBe(MAX_HELD_BYTES_PER_SOCKET);
  await bench.announce(line, "a", { event: "stopped" });
  expect(line.heldBytes).toBe(0);
});

test("a line is in so many swarms and not in one more, unless it comes from the same machine", () => {
  const bench = new Bench(0);
  const [line, local] = [bench.line(), bench.line("127.0.0.1", "loopback")];
  const announceIn = (on: RecordingLine, index: number) => {
    return bench.tracker.announce(on, request("a", { infoHash: `${index}`.padStart(20, "0") as WireId }));
  };
  for (let index = 0; index < MAX_SWARMS_PER_SOCKET; index++) {
    announceIn(line, index);
    announceIn(local, index);
  }
  expect(announceIn(line, MAX_SWARMS_PER_SOCKET)).toBeUndefined();
  expect(announceIn(line, 0)).toBeDefined();
  expect(announceIn(local, MAX_SWARMS_PER_SOCKET)).toBeDefined();
});

test("an announce over HTTP pushes out no peer on a line, and stops only what came from the same address", async () => {
  const bench = new Bench();
  const [line, thief] = [bench.line("9.9.9.9"), bench.line("6.6.6.6")];
  await bench.announce(line, "a", { port: 7 });
  bench.tracker.announceHttp(thief.address, request("a", { port: 8 }));
  bench.tracker.announceHttp(thief.address, request("a", { event: "stopped" }));
  bench.tracker.announceHttp(line.address, request("h", { port: 9 }));
  bench.tracker.announceHttp(thief.address, request("h", { event: "stopped" }));
  expect((await bench.announce(bench.line(), "x")).peers).toEqual(["tcp://9.9.9.9:9", "ws://9.9.9.9:7/peer"]);
});
