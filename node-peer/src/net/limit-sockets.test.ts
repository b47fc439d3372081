import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { limitSockets } from "./limit-sockets.js";

describe("limitSockets", () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => socket.on("error", () => undefined));

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });

  it("drops what one address opens beyond its limit, takes more when some have gone, and spares who is exempt", async () => {
    limitSockets(server, { perAddress: 3, isExempt: (address) => address === "127.0.0.1" });
    server.listen(0, "0.0.0.0");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const dial = (localAddress: string): Socket => {
      const socket = connect({ port, host: "127.0.0.1", localAddress });
      socket.on("error", () => undefined);
      sockets.push(socket);
      return socket;
    };
    for (let i = 0; i < 10; i++) await once(dial("127.0.0.1"), "connect");
    const first = dial("127.0.0.2");
    await once(first, "connect");
    for (let i = 0; i < 2; i++) await once(dial("127.0.0.2"), "connect");
    await once(dial("127.0.0.2"), "close");
    expect(await connections()).toBe(13);
    first.destroy();
    while ((await connections()) !== 12) await new Promise((resolve) => setImmediate(resolve));
    const again = dial("127.0.0.2");
    await once(again, "connect");
    while ((await connections()) !== 13) await new Promise((resolve) => setImmediate(resolve));
  });

  function connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      server.getConnections((error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });
  }
});
