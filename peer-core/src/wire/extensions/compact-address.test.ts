import { describe, expect, it } from "vitest";
import { addressBytes, decodeCompactAddress, encodeCompactAddress } from "./compact-address.js";

describe("a compact address", () => {
  it.each([
    ["192.0.2.1", 6_881, "tcp://192.0.2.1:6881"],
    ["2001:db8::1", 80, "tcp://[2001:db8::1]:80"],
    ["[2001:DB8:0:0::2]", 80, "tcp://[2001:db8::2]:80"],
    ["1:2:3:4:5:6:7:8", 65_535, "tcp://[1:2:3:4:5:6:7:8]:65535"],
    ["::1", 1, "tcp://[::1]:1"],
    ["::ffff:192.0.2.1", 256, "tcp://192.0.2.1:256"],
  ])("of %s comes back in its one form", (host, port, endpoint) => {
    const compact = encodeCompactAddress(host, port);
    expect(compact && decodeCompactAddress(compact)).toBe(endpoint);
  });

  it.each(["localhost", "256.0.0.1", "1.2.3", "", "1:2", "fe80::1%eth0", "::g"])("is not made of %j", (host) => {
    expect(addressBytes(host)).toBeUndefined();
  });
});
