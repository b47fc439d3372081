import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { describeDialer } from "@shoal/peer-core/testing";
import { createTcpDialer } from "../../node-peer/src/net/tcp-dialer.js";
import { quietReal, untilReal } from "./real-time.js";
import { openTcpHost } from "./tcp-host.js";

describeDialer("plain TCP", async () => {
  const host = await openTcpHost();
  const silent = await openSilentPort();
  return {
    dialer: createTcpDialer({ timeoutMs: 300 }),
    address: `tcp://127.0.0.1:${host.port}`,
    refusingAddress: `tcp://127.0.0.1:${await closedPort()}`,
    silentAddress: `tcp://127.0.0.1:${silent.port}`,
    foreignAddresses: [
      "mem://somebody",
      "ws://127.0.0.1:6881/peer",
      "tcp://127.0.0.1",
      "tcp://127.0.0.1:0",
      "tcp://127.0.0.1:65536",
      "tcp://127.0.0.1:80/path",
      "tcp://user@127.0.0.1:80",
      "tcp://:80",
      "tcp://[1:2]:80",
      "tcp://a<b:80",
    ],
    accepted: host.accepted,
    settle: (promise) => promise,
    until: untilReal,
    quiet: quietReal,
    dispose: async () => {
      await silent.close();
      await host.close();
    },
  };
});

/** Listens and then sleeps: what the kernel does not queue for it is never answered. */
const SLEEPER = `
  const { parentPort } = require("node:worker_threads");
  const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });`;

/** More than the kernel queues for a backlog of one. */
const QUEUE = 4;

async function openSilentPort(): Promise<{ port: number; close: () => Promise<void> }> {
  const sleeper = new Worker(SLEEPER, { eval: true });
  const [port] = (await once(sleeper, "message")) as [number];
  const queue: Socket[] = [];
  for (let i = 0; i < QUEUE; i++) queue.push(connect(port, "127.0.0.1").on("error", () => undefined));
  return {
    port,
    close: async () => {
      for (const socket of queue) socket.destroy();
      await sleeper.terminate();
    },
  };
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
