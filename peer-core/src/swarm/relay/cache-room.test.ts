import { describe, expect, it } from "vitest";
import { CacheRoom, type CacheTenant } from "./cache-room.js";
import type { Victim } from "./relay-eviction.js";

/** A cache of pieces of one byte, kept by name of their share. */
class Scene {
  readonly pieces: string[] = [];
  /** Of shares that nobody has open. */
  closedBytes = 0;
  /** The room that each time had to be free of closed shares. */
  readonly madeRoomFor: number[] = [];
  readonly room: CacheRoom;

  constructor(quotaBytes: number, keepBytes = 0) {
    const usedBytes = () => this.pieces.length + this.closedBytes;
    this.room = new CacheRoom(
      {
        quotaBytes,
        get usedBytes() {
          return usedBytes();
        },
        makeRoom: (bytes) => {
          this.madeRoomFor.push(bytes);
          this.closedBytes = Math.max(0, Math.min(this.closedBytes, quotaBytes - this.pieces.length - bytes));
          return Promise.resolve();
        },
      },
      keepBytes,
    );
  }

  /** Holds `count` pieces; all of them are wanted by somebody unless told otherwise. */
  tenant(name: string, count: number, rank = 2): Tenant {
    const tenant = new Tenant(this, name, rank);
    for (let i = 0; i < count; i++) this.pieces.push(name);
    this.room.join(tenant);
    return tenant;
  }
}

class Tenant implements CacheTenant {
  told = 0;
  readonly #scene: Scene;
  readonly #name: string;
  readonly #rank: number;

  constructor(scene: Scene, name: string, rank: number) {
    this.#scene = scene;
    this.#name = name;
    this.#rank = rank;
  }

  get heldBytes(): number {
    return this.#scene.pieces.filter((name) => name === this.#name).length;
  }

  victims(): Victim[] {
    return Array.from({ length: this.heldBytes }, (_, piece) => ({
      piece,
      bytes: 1,
      rank: this.#rank,
      servedAt: piece,
    }));
  }

  evict(): Promise<void> {
    this.#scene.pieces.splice(this.#scene.pieces.indexOf(this.#name), 1);
    return Promise.resolve();
  }

  onRoom(): void {
    this.told++;
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

describe("CacheRoom", () => {
  it("holds room until there is none, and again when it is given back", () => {
    const scene = new Scene(4);
    const tenant = scene.tenant("a", 2);
    const tries = [1, 2, 3].map(() => scene.room.hold(tenant, 1, 1));
    expect(tries).toEqual([true, true, false]);
    scene.room.release(tenant, 1);
    expect(scene.room.hold(tenant, 1, 1)).toBe(true);
  });

  it("makes room of what nobody has open first, and tells who waits", async () => {
    const scene = new Scene(4);
    const tenant = scene.tenant("a", 2);
    scene.closedBytes = 2;
    expect(scene.room.hold(tenant, 1, 2)).toBe(false);
    await settled();
    expect([tenant.told, scene.closedBytes, tenant.heldBytes]).toEqual([1, 0, 2]);
    expect(scene.room.hold(tenant, 1, 1)).toBe(true);
  });

  it("gives up pieces of those who have more than their part for one that has none", async () => {
    const scene = new Scene(8);
    const large = scene.tenant("a", 8);
    const small = scene.tenant("b", 0);
    expect(scene.room.hold(small, 1, 1)).toBe(false);
    await settled();
    expect([large.heldBytes, small.told]).toEqual([7, 1]);
    // What has come free is not for the one that has its part.
    expect(scene.room.hold(large, 1, 1)).toBe(false);
    expect(scene.room.hold(small, 1, 1)).toBe(true);
  });

  it("lets two that both have more than their part share what comes free", async () => {
    const scene = new Scene(8);
    const [a, b] = [scene.tenant("a", 4), scene.tenant("b", 4)];
    expect([a, b].map((tenant) => scene.room.hold(tenant, 1, 1))).toEqual([false, false]);
    await settled();
    expect(a.told + b.told).toBeGreaterThan(0);
    expect([a, b].some((tenant) => scene.room.hold(tenant, 1, 1))).toBe(true);
  });

  it("tells nobody when nothing can be given up", async () => {
    const scene = new Scene(4);
    scene.tenant("a", 4).victims = () => [];
    const other = scene.tenant("b", 0);
    expect(scene.room.hold(other, 1, 1)).toBe(false);
    await settled();
    expect(other.told).toBe(0);
    expect(scene.pieces).toHaveLength(4);
  });

  it("keeps whole shares up to what may be kept", () => {
    const scene = new Scene(10, 5);
    const [a, b] = [scene.tenant("a", 0), scene.tenant("b", 0)];
    expect([scene.room.keep(a, 3), scene.room.keep(a, 3), scene.room.keep(b, 3)]).toEqual([true, true, false]);
    scene.room.keepNoMore(a);
    expect(scene.room.keep(b, 3)).toBe(true);
    scene.room.leave(b);
    expect(scene.room.keep(a, 5)).toBe(true);
  });

  it("promises no more of whole shares than there is room at all", () => {
    const scene = new Scene(10, 50);
    expect([scene.room.keep(scene.tenant("a", 0), 11), scene.room.quotaBytes]).toEqual([false, 10]);
  });
});

describe("CacheRoom, when several want room", () => {
  it("gives one its part though another waits, and more only when nobody with less does", () => {
    const scene = new Scene(8);
    const [a, b] = [scene.tenant("a", 1), scene.tenant("b", 0)];
    expect(scene.room.hold(b, 8, 8)).toBe(false);
    expect([scene.room.hold(a, 1, 1), scene.room.hold(a, 1, 1)]).toEqual([true, false]);
    scene.room.content(b);
    expect(scene.room.hold(a, 1, 1)).toBe(true);
  });

  it("holds nobody up for one that has its part, nor for itself", () => {
    const scene = new Scene(8);
    const [a, b] = [scene.tenant("a", 3), scene.tenant("b", 2)];
    expect(scene.room.hold(b, 8, 8)).toBe(false);
    expect(scene.room.hold(a, 1, 1)).toBe(true);
    const c = scene.tenant("c", 0);
    expect(scene.room.hold(c, 3, 3)).toBe(false);
    scene.room.release(a, 1);
    expect(scene.room.hold(c, 3, 3)).toBe(true);
  });

  it("makes room once for all who ask at the same time, beside what is held, and again later", async () => {
    const scene = new Scene(8);
    const [a, b] = [scene.tenant("a", 4), scene.tenant("b", 0)];
    scene.room.hold(a, 2, 2);
    expect([scene.room.hold(b, 3, 2), scene.room.hold(a, 3, 3)]).toEqual([false, false]);
    expect(scene.madeRoomFor).toEqual([3 + 2]);
    await settled();
    scene.room.hold(a, 8, 8);
    expect(scene.madeRoomFor).toHaveLength(2);
  });

  it("gives up nothing for one that has gone meanwhile, and tells the others that it has", async () => {
    const scene = new Scene(8);
    const [a, b] = [scene.tenant("a", 8), scene.tenant("b", 0)];
    scene.room.hold(b, 1, 1);
    scene.room.hold(a, 1, 1);
    scene.room.leave(b);
    scene.room.release(b, 1);
    await settled();
    expect([scene.pieces.length, scene.room.freeBytes, a.told, b.told]).toEqual([8, 0, 1, 0]);
  });
});
