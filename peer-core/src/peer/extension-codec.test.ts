import { describe, expect, it } from "vitest";
import { decodeExtension, encodeExtension, type ExtensionMessage } from "./extension-codec.js";

const wireError = expect.objectContaining({ name: "ShoalError", code: "wire" }) as Error;
const REQUEST: ExtensionMessage = { type: "metadata", metadata: { type: "request", part: 3 } };
const DONT_HAVE: ExtensionMessage = { type: "dont-have", piece: 9 };
const WANT: ExtensionMessage = { type: "want", bits: new Uint8Array([0xf0]) };
const KEPT: ExtensionMessage = { type: "kept", untilMs: 1_800_000_000_000 };

describe("messages of extensions", () => {
  it("go out under the ids that the peer told", () => {
    const remote = { ut_metadata: 77, lt_donthave: 78 };
    expect(encodeExtension(REQUEST, remote)?.id).toBe(77);
    expect(encodeExtension(DONT_HAVE, remote)?.id).toBe(78);
    expect(encodeExtension({ type: "extended-handshake", handshake: { extensions: {} } }, {})?.id).toBe(0);
  });

  it("do not go out to a peer that told no id, or switched it off", () => {
    expect([encodeExtension(REQUEST, {}), encodeExtension(DONT_HAVE, { lt_donthave: 0 })]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it("come in under the ids that we told", () => {
    for (const message of [REQUEST, DONT_HAVE, WANT, KEPT]) {
      const encoded = encodeExtension(message, { ut_metadata: 1, lt_donthave: 2, sh_want: 6, sh_kept: 7 });
      expect(encoded && decodeExtension(encoded)).toEqual(message);
    }
    const handshake = { extensions: { ut_metadata: 4 }, client: "A" };
    const encoded = encodeExtension({ type: "extended-handshake", handshake }, {});
    expect(encoded && decodeExtension(encoded)).toMatchObject({ type: "extended-handshake", handshake });
  });

  it("are ignored under an id that we never told, or of a kind that the standard does not know", () => {
    expect(decodeExtension({ type: "extended", id: 200, payload: new Uint8Array(5) })).toBeUndefined();
    const unknown = new TextEncoder().encode("d8:msg_typei7e5:piecei0ee");
    expect(decodeExtension({ type: "extended", id: 1, payload: unknown })).toBeUndefined();
  });

  it("break a rule when their payload does not parse", () => {
    for (const id of [0, 1, 2, 7]) {
      expect(() => decodeExtension({ type: "extended", id, payload: new Uint8Array(3) })).toThrow(wireError);
    }
  });
});
