import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { WebSocketServer } from "ws";
import type { AddressScope, ClientAddress } from "./address.js";
import { EndpointChecker } from "./endpoint-checker.js";
import type { CheckResult } from "./endpoint-checker.js";
import type { EndpointDialer } from "./endpoint-dialer.js";
import { networkDialer } from "./endpoint-dialer.js";
import { dialableOf } from "./endpoint-target.js";
import { CHECK_BAD_MS, CHECK_BURST_PER_HOST, CHECK_GOOD_MS, MAX_CHECKS } from "./limits.js";
import type { Dialable } from "./registered-peer.js";

/** A network in which every name leads to the addresses given and answers as told; it remembers what was dialled. */
class ScriptedNetwork implements EndpointDialer {
  readonly dialled: string[] = [];
  readonly names: Readonly<Record<string, readonly string[]>>;
  answers: boolean | Promise<boolean> = true;

  constructor(names: Readonly<Record<string, readonly string[]>> = {}) {
    this.names = names;
  }

  resolve(host: string): Promise<readonly string[]> {
    return Promise.resolve(this.names[host] ?? [host]);
  }

  canConnect(ip: string, port: number): Promise<boolean> {
    this.dialled.push(`${ip}:${port}`);
    return Promise.resolve(this.answers);
  }

  canUpgrade(url: string, ip: string): Promise<boolean> {
    this.dialled.push(`${url} at ${ip}`);
    return Promise.resolve(this.answers);
  }
}

function from(ip: string, scope: AddressScope): ClientAddress {
  return { ip, scope, group: ip, isExempt: false, localIp: undefined };
}

function endpoint(url: string): Dialable {
  const dialable = dialableOf(undefined, url, false);
  if (dialable === undefined) throw new Error(`not dialable: ${url}`);
  return dialable;
}

const port = (number: number): Dialable => ({ kind: "port", port: number, overHttp: false });

function check(checker: EndpointChecker, dialable: Dialable, announcer: ClientAddress): Promise<CheckResult> {
  return new Promise((resolve) => checker.check(dialable, announcer, resolve));
}

test("dials a port at the observed address and says how far that reaches", async () => {
  const network = new ScriptedNetwork();
  const checker = new EndpointChecker(network, () => 0);
  expect(await check(checker, port(7), from("10.0.0.1", "private"))).toBe("private");
  expect(await check(checker, port(7), from("2600::1", "public"))).toBe("public");
  expect(network.dialled).toEqual(["10.0.0.1:7", "2600::1:7"]);
});

test("never dials a private address for a public peer, whatever name it hides behind", async () => {
  const network = new ScriptedNetwork({ "evil.example": ["192.168.0.1", "169.254.169.254", "::1"] });
  const checker = new EndpointChecker(network, () => 0);
  for (const url of ["ws://evil.example/peer", "ws://127.0.0.1/peer", "ws://[::ffff:10.0.0.1]/peer", "ws://0/peer"]) {
    expect(await check(checker, endpoint(url), from("8.8.8.8", "public"))).toBeUndefined();
  }
  expect(network.dialled).toEqual([]);
});

test("dials exactly the address that was judged", async () => {
  const network = new ScriptedNetwork({ "peer.example": ["10.0.0.1", "8.8.4.4"] });
  const checker = new EndpointChecker(network, () => 0);
  expect(await check(checker, endpoint("wss://peer.example/peer"), from("8.8.8.8", "public"))).toBe("public");
  expect(network.dialled).toEqual(["wss://peer.example/peer at 8.8.4.4"]);
});

test("shares one dial among all who ask, and remembers success longer than failure", async () => {
  let now = 0;
  const network = new ScriptedNetwork();
  const checker = new EndpointChecker(network, () => now);
  const peer = from("8.8.8.8", "public");
  await Promise.all([check(checker, port(1), peer), check(checker, port(1), peer)]);
  now = CHECK_GOOD_MS - 1;
  await check(checker, port(1), peer);
  expect(network.dialled).toHaveLength(1);
  network.answers = false;
  now = CHECK_GOOD_MS;
  expect(await check(checker, port(1), peer)).toBeUndefined();
  now += CHECK_BAD_MS;
  await check(checker, port(1), peer);
  expect(network.dialled).toHaveLength(3);
});

test("dials one host so many times at once and not once more", async () => {
  const network = new ScriptedNetwork();
  const checker = new EndpointChecker(network, () => 0);
  const peer = from("8.8.8.8", "public");
  for (let number = 1; number <= CHECK_BURST_PER_HOST + 5; number++) checker.check(port(number), peer, () => undefined);
  await check(checker, port(1), peer);
  expect(network.dialled).toHaveLength(CHECK_BURST_PER_HOST);
});

test("has so many checks under way and not one more", () => {
  const network = new ScriptedNetwork();
  network.answers = new Promise(() => undefined);
  const checker = new EndpointChecker(network, () => 0);
  for (let host = 0; host <= MAX_CHECKS; host++) {
    checker.check(port(1), from(`8.8.${host >> 8}.${host & 255}`, "public"), () => undefined);
  }
  expect(network.dialled).toHaveLength(MAX_CHECKS);
});

test.each(["http://a/peer", "ws://user:pass@a/peer", "javascript:x", "peer", "ws://", "tcp://1.2.3.4:5"])(
  "takes %s for no endpoint",
  (url) => {
    expect(dialableOf(undefined, url, false)).toBeUndefined();
  },
);

test("finds out by really dialling", async () => {
  const tcp = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  const ws = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await Promise.all([once(tcp, "listening"), once(ws, "listening")]);
  const tcpPort = (tcp.address() as AddressInfo).port;
  const wsPort = (ws.address() as AddressInfo).port;
  try {
    expect(await networkDialer.canConnect("127.0.0.1", tcpPort)).toBe(true);
    expect(await networkDialer.canUpgrade(`ws://name.example:${wsPort}/peer`, "127.0.0.1")).toBe(true);
    expect(await networkDialer.canUpgrade(`ws://name.example:${tcpPort}/peer`, "127.0.0.1")).toBe(false);
    expect(await networkDialer.canConnect("127.0.0.1", 1)).toBe(false);
    expect(await networkDialer.resolve("[::1]")).toEqual(["::1"]);
  } finally {
    tcp.close();
    ws.close();
  }
});
