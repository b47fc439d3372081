import type { WireId } from "@shoal/peer-core/announce";
import { seededRandom } from "@shoal/peer-core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ClientAddress } from "./address.js";
import { EMPTY_SWARM_SECONDS, MAX_PEERS_PER_SWARM, MAX_PEERS_VISITED } from "./limits.js";
import { MemorySwarmRegistry } from "./memory-swarm-registry.js";
import { selectPeers } from "./peer-selection.js";
import { RegisteredPeer } from "./registered-peer.js";
import { Swarm } from "./swarm.js";

const address: ClientAddress = { ip: "127.0.0.1", scope: "loopback", group: "g", isExempt: true, localIp: undefined };
const hash = "h".repeat(20) as WireId;

function peer(id: number, change: Partial<RegisteredPeer> = {}): RegisteredPeer {
  const made = new RegisteredPeer({ peerId: String(id).padStart(20, "0") as WireId, address, line: undefined });
  return Object.assign(made, { dialScope: "public" }, change);
}

function select(swarm: Swarm, asker: RegisteredPeer, count: number, random = seededRandom(1).float): RegisteredPeer[] {
  return selectPeers({
    pools: swarm.dialable,
    asker,
    count,
    random,
    accepts: () => true,
  });
}

test("counts and pools stay true whatever is done in whatever order", () => {
  const step = fc.record({
    who: fc.nat(5),
    what: fc.constantFrom("add", "delete", "seed", "leech", "relay", "dial", "undial", "offers"),
  });
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const swarm = new Swarm(hash);
    const peers = Array.from({ length: 6 }, (_, id) => peer(id, { dialScope: undefined }));
    for (const { who, what } of steps) apply(swarm, peers[who]!, what);
    const listed = [...swarm.peers];
    expect(listed.every((one) => one.swarm === swarm)).toBe(true);
    expect(swarm.seeds).toBe(listed.filter(({ isSeed }) => isSeed).length);
    expect(swarm.leeches).toBe(listed.filter(({ isSeed, isRelay }) => !isSeed && !isRelay).length);
    const dialable = listed.filter(({ dialScope, isRelay }) => dialScope !== undefined && !isRelay);
    expect(swarm.dialable.seeds.length).toBe(dialable.filter(({ isSeed }) => isSeed).length);
    expect(swarm.dialable.leeches.length).toBe(dialable.filter(({ isSeed }) => !isSeed).length);
    expect(swarm.offerable.seeds.length + swarm.offerable.leeches.length).toBe(
      listed.filter(({ takesOffers }) => takesOffers).length,
    );
    expect([...swarm.relays].length).toBe(listed.filter(({ isRelay }) => isRelay).length);
  });
  fc.assert(property);
});

function apply(swarm: Swarm, subject: RegisteredPeer, what: string): void {
  if (what === "add") swarm.add(subject);
  else if (what === "delete") swarm.delete(subject);
  else if (what === "seed" || what === "leech") swarm.update(subject, { isSeed: what === "seed" });
  else if (what === "relay") swarm.update(subject, { isRelay: !subject.isRelay });
  else if (what === "offers") swarm.update(subject, { takesOffers: true });
  else swarm.update(subject, { dialScope: what === "dial" ? "public" : undefined });
}

test("a newer registration replaces the older one of the same id, whose leaving then removes nothing", () => {
  const swarm = new Swarm(hash);
  const [older, newer] = [peer(1), peer(1)];
  swarm.add(older);
  swarm.add(newer);
  swarm.delete(older);
  expect([...swarm.peers]).toEqual([newer]);
  expect(swarm.dialable.leeches.length).toBe(1);
});

test("selects each peer about equally often, never the asker, none twice", () => {
  const swarm = new Swarm(hash);
  const peers = Array.from({ length: 40 }, (_, id) => peer(id, { isSeed: id % 4 === 0 }));
  for (const one of peers) swarm.add(one);
  const asker = peers[1]!;
  const times = new Map<RegisteredPeer, number>();
  const random = seededRandom(7).float;
  for (let round = 0; round < 2_000; round++) {
    const chosen = select(swarm, asker, 10, random);
    expect(new Set(chosen).size).toBe(10);
    for (const one of chosen) times.set(one, (times.get(one) ?? 0) + 1);
  }
  expect(times.has(asker)).toBe(false);
  expect(times.size).toBe(39);
  const expected = (2_000 * 10) / 39;
  for (const count of times.values()) expect(Math.abs(count - expected)).toBeLessThan(expected * 0.25);
});

test("tells a seed of leeches only", () => {
  const swarm = new Swarm(hash);
  for (let id = 0; id < 10; id++) swarm.add(peer(id, { isSeed: id < 5 }));
  const chosen = select(swarm, peer(99, { isSeed: true }), 50);
  expect(chosen).toHaveLength(5);
  expect(chosen.some(({ isSeed }) => isSeed)).toBe(false);
});

test("gives up after looking at so many peers of no use", () => {
  const swarm = new Swarm(hash);
  for (let id = 0; id < MAX_PEERS_VISITED + 500; id++) swarm.add(peer(id));
  let looked = 0;
  const accepts = (): boolean => ++looked < 0;
  selectPeers({ pools: swarm.dialable, asker: peer(-1), count: 50, random: seededRandom(3).float, accepts });
  expect(looked).toBe(MAX_PEERS_VISITED);
});

test("is full at its limit and not before", () => {
  const swarm = new Swarm(hash);
  for (let id = 1; id < MAX_PEERS_PER_SWARM; id++) swarm.add(peer(id));
  expect(swarm.isFull).toBe(false);
  swarm.add(peer(MAX_PEERS_PER_SWARM));
  expect(swarm.isFull).toBe(true);
});

test("the registry makes no more swarms than it has room for, and forgets empty ones", () => {
  const registry = new MemorySwarmRegistry(1);
  const swarm = registry.findOrMake(hash)!;
  expect(registry.findOrMake("i".repeat(20) as WireId)).toBeUndefined();
  const only = peer(1);
  swarm.add(only);
  registry.remove(only);
  expect(registry.swarmCount).toBe(0);
});

test("the registry drops peers whose time has passed, and goes on where it stopped", () => {
  const registry = new MemorySwarmRegistry();
  const expired: RegisteredPeer[] = [];
  for (let id = 0; id < 10; id++) {
    const swarm = registry.findOrMake(String(id).padStart(20, "s") as WireId)!;
    swarm.add(peer(id, { expiresAt: id < 5 ? 100 : 101 }));
  }
  for (let call = 0; call < 3; call++) registry.expire(100, 8, (gone) => expired.push(gone));
  expect(expired).toHaveLength(5);
  expect(registry.peerCount).toBe(5);
  expect(registry.swarmCount).toBe(5);
});

test("the registry remembers completed downloads of an empty swarm for an hour", () => {
  const registry = new MemorySwarmRegistry();
  const swarm = registry.findOrMake(hash)!;
  const only = peer(1);
  swarm.add(only);
  swarm.completed = 3;
  registry.remove(only);
  const sweep = (now: number): void => registry.expire(now, 100, () => undefined);
  sweep(1_000);
  sweep(1_000 + EMPTY_SWARM_SECONDS - 1);
  expect(registry.find(hash)?.completed).toBe(3);
  sweep(1_000 + EMPTY_SWARM_SECONDS);
  expect(registry.find(hash)).toBeUndefined();
});
