import type { InfoHash } from "@shoal/peer-core/announce";
import { beforeEach, expect, it } from "vitest";
import { CatalogueUpkeep } from "./catalogue-upkeep.js";
import { MemoryCatalogue } from "./memory-catalogue.js";
import { MemorySwarmRegistry } from "./memory-swarm-registry.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let now: number;
let catalogue: MemoryCatalogue;
let upkeep: CatalogueUpkeep;

beforeEach(async () => {
  now = 1_000 * DAY;
  catalogue = new MemoryCatalogue();
  await catalogue.add(
    {
      infoHash: "ab".repeat(20) as InfoHash,
      name: "share",
      size: 1,
      fileCount: 1,
      pieceLength: 32_768,
      pieceCount: 1,
      isPrivate: false,
      isSearchable: true,
      addedAt: now,
      lastSeedAt: now,
      fileNames: "",
    },
    { infoBytes: Uint8Array.of(1), ownerDigest: "ab".repeat(32) },
  );
  upkeep = start();
});

function start(): CatalogueUpkeep {
  return new CatalogueUpkeep({ catalogue, registry: new MemorySwarmRegistry(), now: () => now, log: () => undefined });
}

/** Lets the time pass as it does, in steps that are no jump of the clock. */
async function pass(spanMs: number): Promise<void> {
  for (const end = now + spanMs; now < end; now += 30 * SECOND) {
    upkeep.step();
    await Promise.resolve();
  }
}

it("removes a share that had no seed for 30 days of watching", async () => {
  await pass(30 * DAY - HOUR);
  expect(catalogue.count).toBe(1);
  await pass(2 * HOUR);
  expect(catalogue.count).toBe(0);
});

it("removes nothing after a long rest before seeds had time to announce themselves", async () => {
  now += 40 * DAY;
  upkeep = start();
  await pass(55 * MINUTE);
  expect(catalogue.count).toBe(1);
  await pass(10 * MINUTE);
  expect(catalogue.count).toBe(0);
});

it("removes nothing because the clock was set to next year for a while", async () => {
  await pass(2 * HOUR);
  now += 365 * DAY;
  await pass(30 * MINUTE);
  now -= 365 * DAY;
  await pass(2 * HOUR);
  expect(catalogue.count).toBe(1);
});
