import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { readInPlace } from "./read-in-place.js";

describe("readInPlace", () => {
  let server: Server | undefined;
  const sockets: Socket[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    const closed = server && once(server, "close");
    server?.close();
    server = undefined;
    await closed;
  });

  /** Both ends of a connection, the accepted one first. */
  async function pair(): Promise<[accepted: Socket, dialled: Socket]> {
    server ??= createServer().listen(0, "127.0.0.1");
    if (!server.listening) await once(server, "listening");
    const dialled = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const [accepted] = (await once(server, "connection")) as [Socket];
    sockets.push(accepted, dialled);
    return [accepted, dialled];
  }

  it("reads all that comes on accepted sockets into the same memory, in order", async () => {
    const memory = new Set<ArrayBufferLike>();
    for (const text of ["first", "second"]) {
      const [accepted, dialled] = await pair();
      const sent = Buffer.alloc(3 * 1024 * 1024, text);
      const parts: Buffer[] = [];
      const stream = readInPlace(accepted, (bytes) => {
        memory.add(bytes.buffer);
        parts.push(Buffer.from(bytes));
      });
      dialled.end(sent);
      await once(stream, "end");
      expect(Buffer.concat(parts).equals(sent)).toBe(true);
    }
    expect(memory.size).toBe(1);
  });

  it("writes, ends, and closes the socket that it took over", async () => {
    const [accepted, dialled] = await pair();
    const closed = once(accepted, "close");
    const stream = readInPlace(accepted, () => undefined);
    stream.resume();
    stream.end("hello");
    expect(((await once(dialled, "data")) as [Buffer])[0].toString()).toBe("hello");
    dialled.end();
    await closed;
    expect(accepted.destroyed).toBe(true);
  });

  it("closes both when the other side resets", async () => {
    const [accepted, dialled] = await pair();
    const closed = once(accepted, "close");
    const stream = readInPlace(accepted, () => undefined);
    stream.on("error", () => undefined);
    dialled.resetAndDestroy();
    await closed;
    expect(stream.destroyed).toBe(true);
  });

  it("reads what is no plain socket as that delivers it", async () => {
    const other = new PassThrough();
    let read = "";
    const stream = readInPlace(other, (bytes) => (read += bytes.toString()));
    expect(stream).toBe(other);
    other.end("hello");
    await once(other, "end");
    expect(read).toBe("hello");
  });
});
