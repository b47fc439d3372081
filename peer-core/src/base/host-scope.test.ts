import { describe, expect, it } from "vitest";
import { isLoopbackHost, isPrivateHost } from "./host-scope.js";

const LOOPBACK = ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1", "[::1]", "::ffff:127.0.0.1"];
const PRIVATE = [
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "100.127.255.255",
  "169.254.1.1",
  "172.16.0.1",
  "172.31.0.1",
  "192.168.0.1",
  "a.localhost",
  "[fd12:3456::1]",
  "fe80::1",
  "::",
  "::ffff:10.0.0.1",
  "[::ffff:a00:1]",
];
const PUBLIC = [
  "hub.example",
  "localhost.example",
  "8.8.8.8",
  "100.63.0.1",
  "100.128.0.1",
  "172.15.0.1",
  "172.32.0.1",
  "192.0.2.1",
  "2001:db8::1",
  "::ffff:8.8.8.8",
  "fd.example",
];

describe("the scope of a host", () => {
  it("knows this machine and its network", () => {
    for (const host of [...LOOPBACK, ...PRIVATE]) expect(isPrivateHost(host), host).toBe(true);
    for (const host of PUBLIC) expect(isPrivateHost(host), host).toBe(false);
  });

  it("tells this machine from its network", () => {
    for (const host of LOOPBACK) expect(isLoopbackHost(host), host).toBe(true);
    for (const host of [...PRIVATE, ...PUBLIC]) expect(isLoopbackHost(host), host).toBe(false);
  });
});
