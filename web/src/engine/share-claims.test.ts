import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openDatabase, type Database } from "./database.js";
import { createLeaseClaims } from "./share-claims.js";

globalThis.IDBKeyRange = IDBKeyRange;

const SHARE = "ab".repeat(20);

let database: Database;
beforeEach(async () => {
  database = await openDatabase(new IDBFactory());
  // The database itself needs its timers.
  vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
  database.close();
});

/** Looks at the lease until it is as expected; the clock stands still meanwhile. */
async function untilLease(expected: object): Promise<void> {
  for (let looks = 0; looks < 50; looks++) {
    try {
      expect(await database.get("leases", [SHARE])).toMatchObject(expected);
      return;
    } catch (error) {
      if (looks === 49) throw error;
    }
  }
}

describe("lease claims", () => {
  it("gives a share to one tab at a time, and to the next when it is let go", async () => {
    const [one, two] = [createLeaseClaims(database, "one"), createLeaseClaims(database, "two")];
    const claim = await one.take(SHARE);
    expect([claim !== undefined, await two.take(SHARE), await two.isTaken(SHARE)]).toEqual([true, undefined, true]);
    expect(await two.take("cd".repeat(20))).toBeDefined();
    claim?.release();
    claim?.release();
    await untilLease({ untilMs: 0 });
    expect(await two.isTaken(SHARE)).toBe(false);
    expect(await two.take(SHARE)).toBeDefined();
  });

  it("gives it to one of two that ask at the same time", async () => {
    const claims = await Promise.all(["one", "two"].map((owner) => createLeaseClaims(database, owner).take(SHARE)));
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
  });

  it("keeps it for as long as the tab lives, and no longer", async () => {
    const two = createLeaseClaims(database, "two");
    expect(await createLeaseClaims(database, "one").take(SHARE)).toBeDefined();
    for (let renewals = 0; renewals < 5; renewals++) {
      vi.advanceTimersByTime(3_000);
      await untilLease({ untilMs: Date.now() + 9_000 });
    }
    expect(await two.take(SHARE)).toBeUndefined();
    // The tab is gone: nothing renews the lease.
    vi.setSystemTime(Date.now() + 9_001);
    expect(await two.take(SHARE)).toBeDefined();
  });

  it("does not renew what another tab has taken over meanwhile", async () => {
    expect(await createLeaseClaims(database, "one").take(SHARE)).toBeDefined();
    vi.setSystemTime(Date.now() + 9_001);
    await createLeaseClaims(database, "two").take(SHARE);
    vi.advanceTimersByTime(3_000);
    await untilLease({ owner: "two" });
  });
});
