import { describe, expect, it } from "vitest";
import { SHARE, OTHER_SHARE, US, THEM, SessionDialogue, hello } from "../../testing/session-dialogue.js";
import { decodeHandshake } from "../wire/handshake.js";

describe("PeerSession, shaking hands", () => {
  it("speaks first on a link that we dialled", async () => {
    const dialogue = await SessionDialogue.open("outbound");
    await dialogue.clock.advance(1);
    expect(decodeHandshake(dialogue.them.received)).toEqual({
      infoHash: SHARE,
      peerId: US,
      supportsExtensions: true,
      supportsFast: true,
    });
    expect(dialogue.session.inbound).toBe(false);
    expect(dialogue.owner.log).toEqual([]);
  });

  it("answers on a link that came in, once it knows the share", async () => {
    const dialogue = await SessionDialogue.open("inbound");
    await dialogue.clock.advance(1);
    expect(dialogue.them.length).toBe(0);
    await dialogue.say(hello());
    expect(decodeHandshake(dialogue.them.received).peerId).toBe(US);
    expect([dialogue.session.peerId, dialogue.session.isActive, dialogue.session.inbound]).toEqual([THEM, true, true]);
    expect(dialogue.owner.log).toEqual(["open", "batch"]);
  });

  it("knows no peer id before", async () => {
    const { session } = await SessionDialogue.open("inbound");
    expect(() => session.peerId).toThrow("Invariant");
  });

  it("gives up after five seconds without a handshake", async () => {
    const { clock, them, failed, owner } = await SessionDialogue.open("inbound");
    await clock.advance(4_999);
    expect(them.isClosed).toBe(false);
    await clock.advance(2);
    expect(them.closed).toMatchObject([{ code: 1002, remote: true }]);
    expect(failed).toMatchObject([{ code: 1002, remote: false }]);
    expect(owner.log).toEqual([]);
  });

  it("gives up just the same when the handshake is begun and never ended", async () => {
    const dialogue = await SessionDialogue.open("inbound");
    for (let second = 0; second < 5; second++) {
      await dialogue.say(hello().subarray(second, second + 1));
      await dialogue.clock.advance(999);
    }
    await dialogue.clock.advance(2);
    expect(dialogue.them.closed).toMatchObject([{ code: 1002 }]);
  });

  it.each<["inbound" | "outbound", string, Uint8Array, number]>([
    ["inbound", "an unknown info-hash", hello({ infoHash: OTHER_SHARE }), 4000],
    ["outbound", "another info-hash than was dialled for", hello({ infoHash: OTHER_SHARE }), 4000],
    ["inbound", "ourselves", hello({ peerId: US }), 4001],
    ["outbound", "ourselves", hello({ peerId: US }), 4001],
    ["inbound", "a web browser", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"), 1002],
  ])("refuses, %s, %s", async (direction, _, bytes, code) => {
    const dialogue = await SessionDialogue.open(direction);
    await dialogue.say(bytes);
    expect(dialogue.them.closed).toMatchObject([{ code, remote: true }]);
    expect(dialogue.failed).toMatchObject([{ code, remote: false }]);
    expect(dialogue.owner.log).toEqual([]);
    await dialogue.clock.advance(10_000);
    expect(dialogue.clock.pendingTimers).toBe(0);
  });

  it("tells of a link that is lost before it was open", async () => {
    const dialogue = await SessionDialogue.open("outbound");
    dialogue.session.close(1000, "no longer needed");
    dialogue.session.close(1002, "a second time");
    expect(dialogue.failed).toMatchObject([{ code: 1000 }]);
  });
});
