import type { WireId } from "@shoal/peer-core/announce";
import { expect, test } from "vitest";
import { ANNOUNCE_SECONDS } from "./limits.js";
import { request, TrackerBench as Bench } from "./testing/tracker-bench.js";

test("tells who waits of a relay that has come into the swarm", async () => {
  const bench = new Bench(ANNOUNCE_SECONDS, ["peer"]);
  const [waiting, seed, own, relay, other] = [bench.line(), bench.line(), bench.line(), bench.line(), bench.line()];
  await bench.announce(waiting, "w");
  await bench.announce(seed, "s", { left: 0 });
  await bench.announce(own, "o", { isRelay: true, left: undefined, port: 8 });
  expect(waiting.told.filter(({ type }) => type === "peers")).toMatchObject([{ peers: [] }]);
  await bench.clock.advance(2_000);
  await bench.announce(relay, "r", { isRelay: true, left: undefined, port: 9 });
  const { relays } = await bench.announce(other, "x");
  expect(relays).toHaveLength(3);
  for (const line of [waiting, seed]) {
    expect(line.told.filter(({ type }) => type === "peers").at(-1)).toMatchObject({ peers: [], relays });
  }
  expect(own.told.filter(({ type }) => type === "peers")).toEqual([]);
});

test("names relays to everybody in one order, whatever swarm they are in, and forgets those that leave", async () => {
  const bench = new Bench(0);
  const relays = Array.from({ length: 6 }, () => bench.line());
  for (const [index, relay] of relays.entries()) {
    const elsewhere = `${index}`.repeat(20) as WireId;
    await bench.announce(relay, `r${index}`, { infoHash: elsewhere, isRelay: true, port: 9, left: undefined });
  }
  const [a, b] = [await bench.announce(bench.line(), "a"), await bench.announce(bench.line(), "b")];
  expect(a.relays).toHaveLength(4);
  expect(b.relays).toEqual(a.relays);
  expect(a).toMatchObject({ peers: [], incomplete: 1 });
  for (const relay of relays) bench.tracker.leave(relay);
  expect((await bench.announce(bench.line(), "c")).relays).toEqual([]);
});

test("names to a relay the other relays of the same swarm", async () => {
  const bench = new Bench();
  const [one, other, elsewhere] = [bench.line("9.9.9.1"), bench.line("9.9.9.2"), bench.line("9.9.9.3")];
  await bench.announce(one, "r1", { isRelay: true, port: 9 });
  await bench.announce(elsewhere, "r3", { isRelay: true, port: 9, infoHash: "x".repeat(20) as WireId });
  expect((await bench.announce(other, "r2", { isRelay: true, port: 9 })).relays).toEqual(["ws://9.9.9.1:9/peer"]);
});

test("tells ordinary clients of relays in the swarm that have a port, as of peers", async () => {
  const bench = new Bench();
  await bench.announce(bench.line("9.9.9.1"), "r1", { isRelay: true, port: 9 });
  await bench.announce(bench.line("9.9.9.2"), "r2", { isRelay: true, port: 9, infoHash: "x".repeat(20) as WireId });
  const reply = bench.tracker.announceHttp(bench.line().address, request("a"));
  expect(reply?.peers.map(({ address }) => address.ip)).toEqual(["9.9.9.1"]);
});

test("takes a relative endpoint from a relay on its own machine only", async () => {
  const bench = new Bench();
  const own = { isRelay: true, endpoint: "peer" };
  await bench.announce(bench.line(), "x", own);
  expect((await bench.announce(bench.line(), "a")).relays).toEqual([]);
  await bench.announce(bench.line("127.0.0.1", "loopback"), "r", own);
  expect((await bench.announce(bench.line(), "b")).relays).toEqual(["peer"]);
});

test("names the relays it was started with", async () => {
  const bench = new Bench(0, ["peer"]);
  expect((await bench.announce(bench.line(), "a")).relays).toEqual(["peer"]);
});
