import { describe, expect, it } from "vitest";
import { useDialogues } from "../../testing/session-dialogue.js";
import { encodeMessage } from "../wire/encode.js";
import { HANDSHAKE_BYTES } from "../wire/handshake.js";
import { BATCH_BYTES } from "./outbox.js";

const active = useDialogues();

describe("PeerSession, sending", () => {
  it("sends all that is queued in one turn as one write", async () => {
    const dialogue = await active();
    const before = dialogue.writes;
    for (let piece = 0; piece < 100; piece++) dialogue.session.send({ type: "have", piece });
    await dialogue.clock.advance(1);
    expect(dialogue.writes - before).toBe(1);
    expect(dialogue.them.length).toBe(HANDSHAKE_BYTES + 100 * 9);
  });

  it("counts what is queued in this turn as queued", async () => {
    const { session } = await active();
    expect(session.queuedBytes).toBe(0);
    session.send({ type: "have", piece: 1 });
    expect(session.queuedBytes).toBe(9);
  });

  it("sends no write longer than a batch", async () => {
    const dialogue = await active();
    const before = dialogue.writes;
    const bytes = new Uint8Array(100_000);
    for (let i = 0; i < 5; i++) dialogue.session.send({ type: "bitfield", bytes });
    await dialogue.clock.advance(1);
    expect(dialogue.writes - before).toBe(Math.ceil(5 / Math.floor(BATCH_BYTES / 100_005)));
  });

  it("keeps the order when a block overtakes nothing that was queued before", async () => {
    const dialogue = await active();
    dialogue.session.send({ type: "unchoke" });
    dialogue.session.sendFrame(encodeMessage({ type: "have", piece: 9 }));
    dialogue.session.send({ type: "choke" });
    await dialogue.clock.advance(1);
    const ids = dialogue.them.received.subarray(HANDSHAKE_BYTES);
    expect([ids[4], ids[9], ids[18]]).toEqual([1, 4, 0]);
  });

  it("lets a message that is in no hurry wait for others, and for 20 ms at most", async () => {
    const dialogue = await active();
    const before = dialogue.writes;
    for (const piece of [1, 2]) {
      dialogue.session.sendSoon({ type: "have", piece });
      await dialogue.clock.advance(9);
    }
    expect(dialogue.writes).toBe(before);
    await dialogue.clock.advance(3);
    expect(dialogue.writes - before).toBe(1);
    dialogue.session.sendSoon({ type: "have", piece: 3 });
    dialogue.session.send({ type: "unchoke" });
    await dialogue.clock.advance(1);
    const [first, second, third, fourth] = [4, 13, 22, 31].map((at) => dialogue.them.received[HANDSHAKE_BYTES + at]);
    expect([dialogue.writes - before, first, second, third, fourth]).toEqual([2, 4, 4, 4, 1]);
  });

  it("sends what is in no hurry before a block, and before it closes", async () => {
    const dialogue = await active();
    dialogue.session.sendSoon({ type: "have", piece: 1 });
    dialogue.session.sendFrame(encodeMessage({ type: "choke" }));
    dialogue.session.sendSoon({ type: "have", piece: 2 });
    dialogue.session.close(1000, "done");
    await dialogue.clock.advance(1);
    const ids = dialogue.them.received.subarray(HANDSHAKE_BYTES);
    expect([ids.length, ids[4], ids[13], ids[18]]).toEqual([23, 4, 0, 4]);
  });
});
