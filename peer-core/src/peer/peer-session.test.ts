import { describe, expect, it } from "vitest";
import { ShoalError } from "../base/errors.js";
import { concatBytes } from "../base/bytes.js";
import { useDialogues, SessionDialogue, hello } from "../../testing/session-dialogue.js";
import { encodeClose } from "../wire/extensions/close-message.js";
import { encodeExtendedHandshake, LOCAL_EXTENSIONS } from "../wire/extensions/extended-handshake.js";
import { encodeMessage } from "../wire/encode.js";
import { HANDSHAKE_BYTES } from "../wire/handshake.js";

function extendedHandshake(blockMax?: number): Uint8Array {
  const payload = encodeExtendedHandshake({ extensions: { lt_donthave: 9 }, blockMax });
  return encodeMessage({ type: "extended", id: 0, payload });
}

const active = useDialogues();

describe("PeerSession, once open", () => {
  it("hands over messages in order, then asks once for the batch", async () => {
    const { owner, say } = bound(await active());
    owner.log.length = 0;
    await say(
      encodeMessage({ type: "have-none" }),
      encodeMessage({ type: "have", piece: 3 }),
      encodeMessage({ type: "unchoke" }),
    );
    expect(owner.log).toEqual(["have-none", "have", "unchoke", "batch"]);
  });

  it("keeps keep-alives, ports, unknown messages and unknown extensions to itself", async () => {
    const { owner, say } = bound(await active());
    owner.log.length = 0;
    const unknown = new Uint8Array([0, 0, 0, 2, 77, 1]);
    await say(
      encodeMessage({ type: "keep-alive" }),
      encodeMessage({ type: "port", port: 1 }),
      unknown,
      encodeMessage({ type: "extended", id: 200, payload: new Uint8Array(3) }),
    );
    expect(owner.log).toEqual(["batch"]);
  });

  it("passes over empty blocks, and counts them as messages", async () => {
    const dialogue = await SessionDialogue.active();
    const empty = encodeMessage({ type: "piece", piece: 0, begin: 0, block: new Uint8Array(0) });
    await dialogue.say(empty);
    expect(dialogue.owner.messages).toEqual([]);
    await dialogue.say(concatBytes(Array.from({ length: 51_000 }, () => empty)));
    expect(dialogue.owner.closed).toMatchObject({ code: 1002, message: "Too many messages" });
  });

  it("decodes extension messages under our ids and encodes them under theirs", async () => {
    const dialogue = await active();
    const { owner, session, them } = dialogue;
    session.sendExtension({ type: "dont-have", piece: 5 });
    await dialogue.clock.advance(1);
    expect(them.length).toBe(HANDSHAKE_BYTES);
    await dialogue.say(
      extendedHandshake(65_536),
      encodeMessage({ type: "extended", id: 2, payload: new Uint8Array(4) }),
    );
    expect(owner.messages).toMatchObject([{ type: "extended-handshake" }, { type: "dont-have", piece: 0 }]);
    expect(session.remote.blockMax).toBe(65_536);
    session.sendExtension({ type: "dont-have", piece: 5 });
    await dialogue.clock.advance(1);
    expect([...them.received.subarray(HANDSHAKE_BYTES)]).toEqual([0, 0, 0, 6, 20, 9, 0, 0, 0, 5]);
  });

  it("closes with 1002 when a rule is broken, and hears nothing more", async () => {
    const { owner, say, them, session } = bound(await active());
    owner.onMessageOnce = () => {
      throw new ShoalError("wire", "There is no piece 3");
    };
    owner.log.length = 0;
    await say(encodeMessage({ type: "have", piece: 3 }), encodeMessage({ type: "unchoke" }));
    expect(owner.log).toEqual(["have", "closed"]);
    expect(owner.closed).toMatchObject({ code: 1002, message: "There is no piece 3", remote: false });
    expect(them.closed).toMatchObject([{ code: 1002, message: "There is no piece 3", remote: true }]);
    expect(session.isActive).toBe(false);
  });

  it("takes 50,000 messages at once and as many a second later, and closes for one more", async () => {
    const dialogue = await SessionDialogue.active();
    const keepAlive = encodeMessage({ type: "keep-alive" });
    const many = concatBytes(Array.from({ length: 50_000 }, () => keepAlive));
    await dialogue.say(many);
    await dialogue.clock.advance(1_000);
    await dialogue.say(many);
    expect(dialogue.session.isActive).toBe(true);
    await dialogue.say(concatBytes(Array.from({ length: 100 }, () => keepAlive)));
    expect(dialogue.owner.closed).toMatchObject({ code: 1002, message: "Too many messages" });
  });

  it("takes a second handshake for a protocol error", async () => {
    const { say, them } = bound(await active());
    await say(hello());
    expect(them.closed).toMatchObject([{ code: 1002 }]);
  });

  it("hands over nothing after the owner closed it in the middle of a batch", async () => {
    const { owner, say, session } = bound(await active());
    owner.log.length = 0;
    owner.onMessageOnce = () => session.close(1000, "enough");
    await say(encodeMessage({ type: "choke" }), encodeMessage({ type: "unchoke" }));
    expect(owner.log).toEqual(["choke", "closed"]);
  });

  it("sends what is queued before it closes, and nothing afterwards", async () => {
    const dialogue = await active();
    dialogue.session.send({ type: "choke" });
    dialogue.session.close(4003, "full");
    dialogue.session.send({ type: "unchoke" });
    dialogue.session.sendFrame(new Uint8Array(100));
    dialogue.session.close(1000, "again");
    await dialogue.clock.advance(1);
    expect(dialogue.them.length).toBe(HANDSHAKE_BYTES + 5);
    expect(dialogue.them.closed).toMatchObject([{ code: 4003, message: "full" }]);
    expect(dialogue.owner.log.filter((entry) => entry === "closed")).toHaveLength(1);
  });

  it("tells a peer that can hear it why it closes", async () => {
    const talk = await active();
    const payload = encodeExtendedHandshake({ extensions: { sh_close: 9 } });
    await talk.say(encodeMessage({ type: "extended", id: 0, payload }));
    talk.session.close(4004, "piece 17");
    await talk.clock.advance(1_000);
    const farewell = encodeMessage({
      type: "extended",
      id: 9,
      payload: encodeClose({ code: 4004, message: "piece 17" }),
    });
    expect(concatBytes([talk.them.received.slice(-farewell.length)])).toEqual(farewell);
  });

  it.each([
    [1000, { code: 4004, message: "piece 17", remote: true }],
    [4002, { code: 4002, message: "on the wire", remote: true }],
  ])("believes what the peer said of its close where the link says no more than %i", async (code, reason) => {
    const talk = await active();
    await talk.say(
      encodeMessage({
        type: "extended",
        id: LOCAL_EXTENSIONS.sh_close,
        payload: encodeClose({ code: 4004, message: "piece 17" }),
      }),
    );
    expect(talk.owner.closed).toBeUndefined();
    talk.hangUp(code, "on the wire");
    await talk.clock.advance(1_000);
    expect(talk.owner.closed).toEqual(reason);
    expect(talk.owner.log).not.toContain("close");
  });

  it("sends a keep-alive after 20 s of silence, and none while it speaks", async () => {
    const dialogue = await active();
    await dialogue.beat(19);
    expect(dialogue.them.length).toBe(HANDSHAKE_BYTES);
    await dialogue.beat(2);
    expect(dialogue.them.length).toBe(HANDSHAKE_BYTES + 4);
    dialogue.session.send({ type: "unchoke" });
    await dialogue.beat(19);
    expect(dialogue.them.length).toBe(HANDSHAKE_BYTES + 9);
  });

  it("gives up a peer of our kind after 45 s of silence", async () => {
    const dialogue = await active();
    await dialogue.say(extendedHandshake(262_144));
    await dialogue.beat(44);
    expect(dialogue.session.isActive).toBe(true);
    await dialogue.beat(2);
    expect(dialogue.owner.closed).toMatchObject({ code: 4005, remote: false });
  });

  it("gives up another client after 150 s of silence", async () => {
    const dialogue = await active();
    await dialogue.say(extendedHandshake());
    await dialogue.beat(149);
    expect(dialogue.session.isActive).toBe(true);
    await dialogue.beat(2);
    expect(dialogue.owner.closed).toMatchObject({ code: 4005 });
  });

  it("keeps a peer that sends keep-alives", async () => {
    const dialogue = await active();
    await dialogue.say(extendedHandshake(262_144));
    for (let turn = 0; turn < 5; turn++) {
      await dialogue.beat(40);
      await dialogue.say(encodeMessage({ type: "keep-alive" }));
    }
    expect(dialogue.session.isActive).toBe(true);
  });
});

/** The parts that a test names often. */
function bound(dialogue: SessionDialogue) {
  const { owner, them, session } = dialogue;
  return { owner, them, session, say: (...parts: readonly Uint8Array[]) => dialogue.say(...parts) };
}
