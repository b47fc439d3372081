import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { expect, it } from "vitest";
import { openDatabase } from "./database.js";
import { RememberedWork, type RememberedGet, type RememberedShare } from "./remembered-work.js";

globalThis.IDBKeyRange = IDBKeyRange;

const get: RememberedGet = {
  kind: "get",
  infoHash: "ab".repeat(20),
  infoBytes: Uint8Array.of(1, 2),
  link: "magnet:?xt=urn:btih:…",
  chosen: [1],
  kept: undefined,
  state: "paused",
};
const share: RememberedShare = {
  kind: "share",
  infoHash: get.infoHash,
  id: "mine",
  infoBytes: Uint8Array.of(3),
  isListed: true,
  ownerToken: "token",
  handles: [],
};

it("remembers a get and a share of the same content apart, over a reload", async () => {
  const factory = new IDBFactory();
  const first = await openDatabase(factory);
  const work = new RememberedWork(first);
  await work.put({ ...get, state: "running" });
  await work.put(get);
  await work.put(share);
  first.close();

  const again = new RememberedWork(await openDatabase(factory));
  expect(await again.all()).toEqual([get, share]);
  await again.forget("get", get.infoHash);
  expect(await again.all()).toEqual([share]);
  expect(await again.get("get", get.infoHash)).toBeUndefined();
});

it("leaves out what it cannot read", async () => {
  const database = await openDatabase(new IDBFactory());
  await database.put("work", ["get", "x"], { kind: "get", infoHash: "x" });
  expect(await new RememberedWork(database).all()).toEqual([]);
});
