/**
 * True for hosts that only reach this machine or its own network: `localhost`, and literal addresses that are loopback,
 * private, shared, link-local or unspecified (RFC 1918, 3927, 4193, 4291, 6598). `host` is as in a URL, IPv6 in brackets
 * or without. A name says nothing: false.
 */
export function isPrivateHost(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, "").toLowerCase();
  if (plain === "localhost" || plain.endsWith(".localhost")) return true;
  if (plain.includes(":")) return isPrivateIpv6(plain);
  return isPrivateIpv4(plain);
}

/** True for this machine alone. */
export function isLoopbackHost(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, "").toLowerCase();
  return plain === "localhost" || plain === "::1" || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(plain);
}

function isPrivateIpv4(text: string): boolean {
  const parts = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(text);
  if (parts === null) return false;
  const first = Number(parts[1]);
  const second = Number(parts[2]);
  if (first === 0 || first === 10 || first === 127) return true;
  if (first === 100) return second >= 64 && second < 128;
  if (first === 169) return second === 254;
  if (first === 172) return second >= 16 && second < 32;
  return first === 192 && second === 168;
}

function isPrivateIpv6(text: string): boolean {
  if (text === "::" || text === "::1") return true;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  if (mapped !== undefined) return isPrivateIpv4(mapped);
  // A mapped address as URL parsers write it: two groups of hexadecimal digits.
  const groups = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(text);
  if (groups !== null) {
    const high = Number.parseInt(groups[1] ?? "", 16);
    const low = Number.parseInt(groups[2] ?? "", 16);
    return isPrivateIpv4(`${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`);
  }
  return /^f[cd][0-9a-f]{2}:/.test(text) || /^fe[89ab][0-9a-f]:/.test(text);
}
