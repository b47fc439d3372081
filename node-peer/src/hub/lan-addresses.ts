import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";

/** Addresses of this machine that others on its network can reach, IPv4 first, without link-local ones. */
export function lanAddresses(): readonly string[] {
  const found: string[] = [];
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address, internal } of addresses ?? []) {
      if (!internal && !/^(fe80:|169\.254\.)/i.test(address)) found.push(address);
    }
  }
  return found.sort((a, b) => Number(isIPv6(a)) - Number(isIPv6(b)));
}

/** "[::1]" for IPv6, else the host itself: as it stands in a URL. */
export function hostInUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** True for a host that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || host.startsWith("127.");
}

/** Where a server bound to `host` and `port` is opened: the most useful URL for others first. */
export function pageUrls(host: string | undefined, port: number): readonly string[] {
  const isEverywhere = host === undefined || host === "" || host === "::" || host === "0.0.0.0";
  const others = isEverywhere ? lanAddresses().filter((address) => host !== "0.0.0.0" || !isIPv6(address)) : [host];
  const local = isEverywhere || isLoopback(host) ? ["localhost"] : [];
  const hosts = isEverywhere || !isLoopback(host) ? [...others, ...local] : [host];
  return [...new Set(hosts)].map((each) => `http://${hostInUrl(each)}:${port}/`);
}
