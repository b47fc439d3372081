import { describe, expect, it } from "vitest";
import { addressGroup, clientAddress, type RequestOrigin } from "./client-address.js";

function requestFrom(remoteAddress: string, headers: RequestOrigin["headers"] = {}): RequestOrigin {
  return { socket: { remoteAddress }, headers };
}

describe("clientAddress", () => {
  it("takes the socket's address and knows this machine", () => {
    expect(clientAddress(requestFrom("203.0.113.9"), false)).toEqual({ address: "203.0.113.9", isLocal: false });
    expect(clientAddress(requestFrom("127.0.0.1"), false)).toEqual({ address: "127.0.0.1", isLocal: true });
    expect(clientAddress(requestFrom("::1"), false)).toEqual({ address: "::1", isLocal: true });
    expect(clientAddress(requestFrom("::ffff:127.0.0.1"), false)).toEqual({ address: "127.0.0.1", isLocal: true });
  });

  it("shows IPv4 plain and drops zones", () => {
    expect(clientAddress(requestFrom("::ffff:192.0.2.1"), false).address).toBe("192.0.2.1");
    expect(clientAddress(requestFrom("fe80::1%eth0"), false).address).toBe("fe80::1");
  });

  it("believes the last forwarded address of a proxy on this machine, and does not exempt it", () => {
    const request = requestFrom("127.0.0.1", { "x-forwarded-for": "127.0.0.1, 198.51.100.7" });
    expect(clientAddress(request, false)).toEqual({ address: "198.51.100.7", isLocal: false });
  });

  it("believes other proxies only when they are trusted", () => {
    const request = requestFrom("10.0.0.1", { "x-forwarded-for": "198.51.100.7" });
    expect(clientAddress(request, false)).toEqual({ address: "10.0.0.1", isLocal: false });
    expect(clientAddress(request, true)).toEqual({ address: "198.51.100.7", isLocal: false });
  });

  it("falls back to the socket, not exempt, when what was forwarded is no address", () => {
    for (const header of ["", "unknown", "1.2.3.4:80", "for=1.2.3.4"]) {
      const request = requestFrom("127.0.0.1", { "x-forwarded-for": header });
      expect(clientAddress(request, false)).toEqual({ address: "127.0.0.1", isLocal: false });
    }
  });
});

describe("addressGroup", () => {
  it("keeps IPv4 addresses apart and puts a /64 of IPv6 together", () => {
    expect(addressGroup("192.0.2.1")).toBe("192.0.2.1");
    expect(addressGroup("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
    expect(addressGroup("2001:0db8:0001:0002::9")).toBe("2001:db8:1:2::/64");
    expect(addressGroup("2001:db8::5")).toBe("2001:db8:0:0::/64");
    expect(addressGroup("::5")).toBe("0:0:0:0::/64");
    expect(addressGroup("2001:db8:1:2::")).toBe("2001:db8:1:2::/64");
  });
});
