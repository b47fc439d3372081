import { describe, expect, it } from "vitest";
import { ShoalError } from "@shoal/peer-core";
import { Simulation } from "../support/simulated-swarm.js";

const KIB = 1024;
const PIECE = 64 * KIB;

describe("a share of which only some files are chosen", () => {
  const fileLengths = [100_000, 300_000, 0, 500_000, 124_000];

  it("fetches the pieces of those files and no others, and is then complete", async () => {
    const simulation = await Simulation.create({ seed: 1, length: 1_024_000, pieceLength: PIECE, fileLengths });
    simulation.add("seed", { has: "all" });
    const leech = simulation.add("leech", { share: { select: () => [1] } });
    simulation.introduceAll();
    expect(await simulation.allComplete([leech], 30_000)).toBe(true);
    const first = Math.floor(100_000 / PIECE);
    const end = Math.ceil(400_000 / PIECE);
    const present = Array.from(leech.store()?.present() ?? []);
    expect(present.flatMap((held, piece) => (held === 1 ? [piece] : []))).toEqual(
      Array.from({ length: end - first }, (_, index) => first + index),
    );
    expect(leech.session.view).toMatchObject({ chosenBytes: 300_000, doneBytes: 300_000, verifiedPieces: end - first });
    expect(leech.events.filter(({ kind }) => kind === "complete")).toHaveLength(1);
    await simulation.close();
  });

  it("is complete at once when nothing is chosen", async () => {
    const simulation = await Simulation.create({ seed: 1, length: 1_024_000, pieceLength: PIECE, fileLengths });
    simulation.add("seed", { has: "all" });
    const leech = simulation.add("leech", { share: { select: () => [] } });
    simulation.introduceAll();
    await simulation.clock.advance(10_000);
    expect(leech.session.view).toMatchObject({ state: "seeding", downloaded: 0, verifiedPieces: 0 });
    await simulation.close();
  });

  it("fails with a message when a file is chosen that does not exist", async () => {
    const simulation = await Simulation.create({ seed: 1, length: 1_024_000, pieceLength: PIECE, fileLengths });
    const leech = simulation.add("leech", { share: { select: () => [7] } });
    await simulation.clock.advance(100);
    expect(leech.session.view).toMatchObject({ state: "failed", error: { code: "link" } });
    await simulation.close();
  });

  it("lets two who chose different files complete a third between them", async () => {
    const simulation = await Simulation.create({ seed: 2, length: 1_024_000, pieceLength: PIECE, fileLengths });
    const seed = simulation.add("seed", { has: "all" });
    const some = simulation.add("some", { share: { select: () => [0, 1] } });
    const others = simulation.add("others", { share: { select: () => [3, 4] } });
    simulation.introduceAll();
    expect(await simulation.allComplete([some, others], 30_000)).toBe(true);
    await simulation.clock.settle(seed.client.close());
    const third = simulation.add("third");
    third.session.addEndpoints([some.address, others.address]);
    expect(await simulation.allComplete([third], 30_000)).toBe(true);
    expect(await simulation.holdsEverything(third)).toBe(true);
    await simulation.close();
    expect(simulation.clock.pendingTimers).toBe(0);
  });
});

describe("a share whose storage gives out", () => {
  it("fails visibly when the disk is full, and asks for nothing more", async () => {
    const simulation = await Simulation.create({ seed: 3, length: 32 * PIECE, pieceLength: PIECE });
    simulation.add("seed", { has: "all", upBytesPerSecond: 512 * KIB });
    const leech = simulation.add("leech", { maxBytes: 10 * PIECE });
    simulation.introduceAll();
    const hasFailed = () => leech.session.view.state === "failed";
    expect(await simulation.clock.runUntil(hasFailed, 30_000)).toBe(true);
    expect(leech.session.view.error?.code).toBe("disk-full");
    expect(leech.events.filter(({ kind }) => kind === "failed")).toHaveLength(1);
    await simulation.clock.advance(1_000);
    const { receivedBytes } = leech.host;
    await simulation.clock.advance(60_000);
    // A seed that looks in again is told to go: some handshakes, no block.
    expect(leech.host.receivedBytes - receivedBytes).toBeLessThan(16 * KIB);
    expect(leech.host.openLinks).toBe(0);
    await simulation.close();
    expect(simulation.clock.pendingTimers).toBe(0);
  });

  it("fails visibly when storage cannot be opened", async () => {
    const simulation = await Simulation.create({ seed: 3, length: PIECE, pieceLength: PIECE });
    const openStore = () => Promise.reject(new ShoalError("disk", "no such folder"));
    const leech = simulation.add("leech", { share: { openStore } });
    await simulation.clock.advance(100);
    expect(leech.session.view).toMatchObject({ state: "failed", error: { code: "disk", message: "no such folder" } });
    await simulation.close();
    expect(simulation.clock.pendingTimers).toBe(0);
  });

  it("drops a piece that cannot be read any more, and fetches it again", async () => {
    const simulation = await Simulation.create({ seed: 4, length: 8 * PIECE, pieceLength: PIECE });
    const first = simulation.add("first", { has: "all" });
    await simulation.clock.advance(100);
    await simulation.clock.settle(first.store()!.remove(simulation.metainfo.geometry.pieceIndex(2)));
    simulation.add("second", { has: "all", upBytesPerSecond: 64 * KIB });
    const leech = simulation.add("leech");
    leech.session.addEndpoints([first.address]);
    await simulation.clock.advance(2_000);
    expect(first.events).toContainEqual(expect.objectContaining({ kind: "warning", code: "read-failed" }));
    simulation.introduceAll();
    expect(await simulation.allComplete([leech, first], 60_000)).toBe(true);
    expect(await simulation.holdsEverything(first)).toBe(true);
    await simulation.close();
  });

  it("fetches it from one that got it after it had it itself, and so never told of it", async () => {
    const simulation = await Simulation.create({ seed: 5, length: 8 * PIECE, pieceLength: PIECE });
    // Two seeds keep their link where one of them cannot be dialled.
    const first = simulation.add("first", { has: "all", dialable: false });
    const second = simulation.add("second");
    first.session.addEndpoints([second.address]);
    expect(await simulation.allComplete([second], 10_000)).toBe(true);
    await simulation.clock.settle(first.store()!.remove(simulation.metainfo.geometry.pieceIndex(2)));
    const third = simulation.add("third");
    first.session.addEndpoints([third.address]);
    const hasNoticed = () => first.events.some((event) => event.kind === "warning" && event.code === "read-failed");
    expect(await simulation.clock.runUntil(hasNoticed, 10_000)).toBe(true);
    expect(await simulation.allComplete([first, third], 10_000)).toBe(true);
    expect(second.session.view.peers.map(({ peerId }) => peerId)).toEqual([first.client.peerId]);
    await simulation.close();
  });
});
