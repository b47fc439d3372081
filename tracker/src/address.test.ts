import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { canonicalIp, clientAddress, hostAndPort, mayBeTold, scopeOf } from "./address.js";

function request(remoteAddress: string, forwarded?: string): IncomingMessage {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return { socket: { remoteAddress, localAddress: "192.168.1.1" }, headers } as unknown as IncomingMessage;
}

test.each([
  ["::ffff:10.1.2.3", "10.1.2.3"],
  ["[2001:DB8:0::1]", "2001:db8::1"],
  ["fe80::1%eth0", undefined],
  ["example.com", undefined],
])("reads %s as %s", (text, ip) => {
  expect(canonicalIp(text)).toBe(ip);
});

test.each([
  ["127.3.2.1", "loopback"],
  ["::1", "loopback"],
  ["10.0.0.1", "private"],
  ["172.31.0.1", "private"],
  ["192.168.0.1", "private"],
  ["100.64.0.1", "private"],
  ["fd00::1", "private"],
  ["8.8.8.8", "public"],
  ["2600::1", "public"],
  ["169.254.169.254", undefined],
  ["224.0.0.1", undefined],
  ["0.0.0.0", undefined],
  ["::", undefined],
  ["64:ff9b::a00:1", undefined],
  ["2002:a00:1::1", undefined],
])("%s is %s", (ip, scope) => {
  expect(scopeOf(ip)).toBe(scope);
});

test("tells private addresses to private viewers only, loopback to loopback only", () => {
  const scopes = ["loopback", "private", "public"] as const;
  const table = scopes.map((subject) => scopes.map((viewer) => (mayBeTold(subject, viewer) ? "x" : ".")).join(""));
  expect(table).toEqual(["x..", "xx.", "xxx"]);
});

test("writes IPv6 in brackets", () => {
  expect(hostAndPort("2600::1", 80)).toBe("[2600::1]:80");
  expect(hostAndPort("1.2.3.4", 80)).toBe("1.2.3.4:80");
});

test("takes the rightmost forwarded address from a proxy on loopback, and then exempts nobody", () => {
  const address = clientAddress(request("::ffff:127.0.0.1", "1.1.1.1, 8.8.8.8"), false);
  expect(address).toMatchObject({ ip: "8.8.8.8", scope: "public", isExempt: false, localIp: undefined });
});

test("believes a forwarded address from elsewhere only when told to trust the proxy", () => {
  expect(clientAddress(request("10.0.0.9", "8.8.8.8"), false)).toMatchObject({ ip: "10.0.0.9", isExempt: false });
  expect(clientAddress(request("10.0.0.9", "8.8.8.8"), true)).toMatchObject({ ip: "8.8.8.8" });
});

test("exempts plain loopback, and refuses a forwarded address that is none", () => {
  expect(clientAddress(request("127.0.0.1"), false)).toMatchObject({ isExempt: true });
  expect(clientAddress(request("127.0.0.1", "unknown"), false)).toBeUndefined();
});

test("exempts what comes from the private address that it goes to, unless it was passed on", () => {
  expect(clientAddress(request("192.168.1.1"), false)).toMatchObject({ scope: "private", isExempt: true });
  expect(clientAddress(request("192.168.1.2"), false)).toMatchObject({ scope: "private", isExempt: false });
  expect(clientAddress(request("192.168.1.1", "8.8.8.8"), false)).toMatchObject({ isExempt: false });
});

test("counts IPv6 by its /64", () => {
  const one = clientAddress(request("2600:1:2:3::1"), false);
  const other = clientAddress(request("2600:1:2:3:ffff::2"), false);
  expect(one?.group).toBe(other?.group);
  expect(clientAddress(request("2600:1:2:4::1"), false)?.group).not.toBe(one?.group);
});
