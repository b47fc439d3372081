import { describe, expect, it } from "vitest";
import { createMicrotaskHasher } from "../../../testing/microtask-hasher.js";
import { seededRandom } from "../../../testing/seeded-random.js";
import { VirtualClock } from "../../../testing/virtual-clock.js";
import { ShoalError } from "../../base/errors.js";
import type { Connection } from "../../ports/connection.js";
import { RelayKeeper, type RelayKeeperOptions } from "./relay-keeper.js";

const [A, B, C] = ["ws://a.example/peer", "ws://b.example/peer", "ws://c.example/peer"] as const;
const LOST = { code: 1006, message: "Lost", remote: true };

/** A keeper on a network where some relays answer, some refuse and some say nothing. */
class Scene {
  readonly clock = new VirtualClock();
  readonly dialed: string[] = [];
  readonly replaced: string[] = [];
  readonly answers = new Map<string, "opens" | "refuses" | "silent">();
  isNeeded = true;
  readonly keeper: RelayKeeper;

  constructor(relays: readonly string[], options: Partial<RelayKeeperOptions> = {}) {
    this.keeper = new RelayKeeper({
      runtime: { clock: this.clock, random: seededRandom(1), hasher: createMicrotaskHasher() },
      dialer: {
        canDial: (address) => address.startsWith("ws:"),
        dial: (address, signal) => this.#dial(address, signal),
      },
      relays,
      isNeeded: () => this.isNeeded,
      hasRoom: () => true,
      onConnection: () => undefined,
      onReplaced: (address) => this.replaced.push(address),
      ...options,
    });
  }

  get states(): string {
    return this.keeper
      .view()
      .map(({ state }) => state)
      .join(" ");
  }

  /** As many seconds pass. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.keeper.tick();
      await this.clock.advance(1_000);
    }
  }

  #dial(address: string, signal: AbortSignal): Promise<Connection> {
    this.dialed.push(address);
    return new Promise((resolve, reject) => {
      const answer = this.answers.get(address) ?? "opens";
      const fail = () => reject(new ShoalError("connection", "refused"));
      if (answer === "opens") resolve({ close: () => undefined } as unknown as Connection);
      else if (answer === "refuses") fail();
      else signal.addEventListener("abort", fail);
    });
  }
}

describe("RelayKeeper", () => {
  it("goes to the first relay, and to no other while that holds", async () => {
    const scene = new Scene([A, B]);
    await scene.pass(100);
    expect([scene.dialed, scene.states]).toEqual([[A], "connected untried"]);
  });

  it("goes to none while none is needed", async () => {
    const scene = new Scene([A]);
    scene.isNeeded = false;
    await scene.pass(10);
    expect([scene.dialed, scene.states]).toEqual([[], "untried"]);
  });

  it("tries its own first, then those that trackers name, in their order and each once", async () => {
    const scene = new Scene([A]);
    for (const relay of [A, B]) scene.answers.set(relay, "refuses");
    scene.keeper.told("tracker", [B, A, C, "gopher://d"], true);
    await scene.pass(1);
    expect(scene.dialed).toEqual([A, B, C]);
    expect(scene.keeper.view().map(({ answer }) => answer)).toEqual([
      "cannot be reached",
      "cannot be reached",
      "connected",
    ]);
  });

  it("takes addresses of private networks from whoever may name such", () => {
    const scene = new Scene([]);
    scene.keeper.told("public", ["ws://10.0.0.1/peer", A], false);
    scene.keeper.told("private", ["ws://10.0.0.2/peer"], true);
    expect(scene.keeper.view().map(({ address }) => address)).toEqual([A, "ws://10.0.0.2/peer"]);
  });

  it("waits five seconds for a relay that does not answer", async () => {
    const scene = new Scene([A, B]);
    scene.answers.set(A, "silent");
    await scene.pass(6);
    expect(scene.keeper.view()).toMatchObject([{ answer: "no answer" }, { state: "connected" }]);
  });

  it("goes to the next at once when a link is lost, and returns when the better one has held for a while", async () => {
    const scene = new Scene([A, B]);
    await scene.pass(60);
    scene.answers.set(A, "refuses");
    scene.keeper.lost(A, LOST);
    await scene.pass(5);
    expect(scene.states).toBe("failed connected");
    expect(scene.keeper.view()[1]?.answer).toBe("connected");
    scene.answers.set(A, "opens");
    await scene.pass(300);
    expect(scene.states).toBe("connected connected");
    expect(scene.replaced).toContain(B);
    scene.keeper.lost(B, { code: 1000, message: "a better relay is back", remote: false });
    expect(scene.states).toBe("connected failed");
  });

  it("rests longer each time that all fail", async () => {
    const scene = new Scene([A]);
    scene.answers.set(A, "refuses");
    await scene.pass(600);
    expect(scene.dialed.length).toBeGreaterThan(5);
    expect(scene.dialed.length).toBeLessThan(40);
  });

  it("counts a peer that turns out to be a relay, and leaves it for one that it was told of", async () => {
    const scene = new Scene([]);
    scene.keeper.adopt(C);
    await scene.pass(10);
    expect([scene.keeper.knows(C), scene.states, scene.dialed]).toEqual([true, "connected", []]);
    scene.keeper.told("tracker", [A], true);
    await scene.pass(10);
    expect([scene.replaced[0], scene.dialed]).toEqual([C, [A]]);
  });
});
