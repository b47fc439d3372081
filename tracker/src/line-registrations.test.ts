import type { WireId } from "@shoal/peer-core/announce";
import { expect, test } from "vitest";
import { LineRegistrations } from "./line-registrations.js";
import { RegisteredPeer } from "./registered-peer.js";
import type { PeerLine } from "./registered-peer.js";
import { Swarm } from "./swarm.js";

function line(): PeerLine {
  const address = { ip: "8.8.8.8", scope: "public", group: "g", isExempt: false, localIp: undefined } as const;
  return { address, registrations: new LineRegistrations(), heldBytes: 0, answersFullAt: 0, send: () => undefined };
}

function id(name: string): WireId {
  return name.padStart(20, "-") as WireId;
}

/** A registration that is on the line, not in the swarm yet. */
function register(on: PeerLine, name: string): RegisteredPeer {
  const peer = new RegisteredPeer(
    on.registrations.sourceOf(id(name), () => ({ peerId: id(name), address: on.address, line: on })),
  );
  on.registrations.add(peer);
  return peer;
}

test("finds a registration again that another line's has replaced, or that the swarm had no room for", () => {
  const swarm = new Swarm(id("s"));
  const [older, newer] = [line(), line()];
  const [replaced, listed] = [register(older, "a"), register(newer, "a")];
  swarm.add(replaced);
  swarm.add(listed);
  expect(older.registrations.find(swarm, id("a"))).toBe(replaced);
  expect(newer.registrations.find(swarm, id("a"))).toBe(listed);
  const unlisted = register(older, "b");
  older.registrations.onUnlisted(swarm.infoHash, unlisted);
  expect(older.registrations.find(swarm, id("b"))).toBe(unlisted);
  expect(newer.registrations.find(swarm, id("b"))).toBeUndefined();
  swarm.delete(replaced);
  swarm.delete(listed);
  swarm.add(replaced);
  expect(older.registrations.find(swarm, id("a"))).toBe(replaced);
});

test("where a line speaks for several peers, the first that is listed in the swarm counts", () => {
  const [swarm, other] = [new Swarm(id("s")), new Swarm(id("o"))];
  const on = line();
  other.add(register(on, "z"));
  const only = register(on, "z");
  swarm.add(only);
  expect(on.registrations.firstIn(swarm)).toBe(only);
  const second = register(on, "a");
  swarm.add(second);
  expect(on.registrations.firstIn(swarm)).toBe(only);
  swarm.delete(only);
  expect(on.registrations.firstIn(swarm)).toBe(second);
});

test("one source serves a peer in all its swarms", () => {
  const on = line();
  const [first, second, other] = [register(on, "a"), register(on, "a"), register(on, "b")];
  expect(second.source).toBe(first.source);
  expect(other.source).not.toBe(first.source);
});

test("hands out all that was announced, newest first, and remembers nothing of it", () => {
  const swarm = new Swarm(id("s"));
  const on = line();
  const [first, second] = [register(on, "a"), register(on, "b")];
  swarm.add(first);
  const taken: RegisteredPeer[] = [];
  for (const peer of on.registrations.takeAll()) {
    taken.push(peer);
    swarm.delete(peer);
  }
  expect(taken).toEqual([second, first]);
  expect(on.registrations.size).toBe(0);
  expect(on.registrations.find(swarm, id("a"))).toBeUndefined();
});
