import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TcpConnection } from "./tcp-connection.js";

/** More than the kernel takes for who does not read, less than counts as lost at once. */
const UNREAD = new Uint8Array(4 * 1024 * 1024);

describe("TcpConnection", () => {
  let server: Server;
  let ours: Socket;
  let theirs: Socket;
  let connection: TcpConnection;

  beforeEach(async () => {
    server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    theirs = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
    theirs.on("error", () => undefined).pause();
    [ours] = (await once(server, "connection")) as [Socket];
    connection = new TcpConnection(ours, { label: "them", remoteAddress: undefined });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });

  afterEach(() => {
    vi.useRealTimers();
    theirs.destroy();
    ours.destroy();
    server.close();
  });

  /** Attaches, sends what they will not read, and waits for the end of the link. */
  async function untilClosed(then: () => void): Promise<number> {
    const code = await new Promise<number>((resolve) => {
      connection.attach({ onBytes: () => undefined, onDrain: () => undefined, onClosed: ({ code }) => resolve(code) });
      connection.send(UNREAD);
      then();
    });
    expect(connection.queuedBytes).toBe(0);
    return code;
  }

  it("keeps nothing for who ends without reading what waits", async () => {
    expect(await untilClosed(() => theirs.end())).toBe(1000);
    expect(ours.writableLength).toBeGreaterThan(0);
    const closed = once(ours, "close");
    vi.advanceTimersByTime(5_000);
    await closed;
  });

  it("keeps nothing for who ends without reading once we have closed", async () => {
    const code = await untilClosed(() => {
      connection.close(4003, "no room");
      theirs.end();
    });
    expect(code).toBe(4003);
    const closed = once(ours, "close");
    vi.advanceTimersByTime(5_000);
    await closed;
  });
});
