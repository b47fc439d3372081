/** An IP address and a TCP port in the compact form of BEP 11 and BEP 32: 6 bytes, 18 for IPv6. */
export const COMPACT_BYTES = { v4: 6, v6: 18 } as const;

/** The compact form of a literal address (IPv6 with or without brackets, mapped IPv4 as IPv4); undefined for anything else. */
export function encodeCompactAddress(host: string, port: number): Uint8Array | undefined {
  const address = addressBytes(host);
  if (address === undefined) return undefined;
  const compact = new Uint8Array(address.length + 2);
  compact.set(address);
  compact[address.length] = port >> 8;
  compact[address.length + 1] = port & 0xff;
  return compact;
}

/** The bytes of a literal address, 4 or 16; undefined for names. */
export function addressBytes(host: string): Uint8Array | undefined {
  const plain = host.replace(/^\[|\]$/g, "");
  return plain.includes(":") ? ipv6Bytes(plain) : ipv4Bytes(plain);
}

/** "tcp://HOST:PORT" of 6 or 18 bytes; undefined for what nobody can listen at: port 0, no address, a group of many. */
export function decodeCompactAddress(compact: Uint8Array): string | undefined {
  const at = compact.length - 2;
  const port = ((compact[at] ?? 0) << 8) | (compact[at + 1] ?? 0);
  const address = compact.subarray(0, at);
  if (port === 0 || !isUnicast(address)) return undefined;
  if (address.length === 4) return `tcp://${address.join(".")}:${port}`;
  const groups = Array.from({ length: 8 }, (_, index) => {
    return (((address[2 * index] ?? 0) << 8) | (address[2 * index + 1] ?? 0)).toString(16);
  });
  // A URL writes the address in its one short form.
  return new URL(`tcp://[${groups.join(":")}]:${port}`).href;
}

function isUnicast(address: Uint8Array): boolean {
  const first = address[0] ?? 0;
  if (address.length === 4) return first > 0 && first < 224;
  return first !== 0xff && address.some((byte) => byte !== 0);
}

function ipv4Bytes(text: string): Uint8Array | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  return parts === undefined || parts.some((part) => part > 255) ? undefined : Uint8Array.from(parts);
}

function ipv6Bytes(text: string): Uint8Array | undefined {
  let short: string;
  try {
    short = new URL(`tcp://[${text}]`).hostname.slice(1, -1);
  } catch {
    return undefined;
  }
  const [head = "", tail] = short.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = new Array<string>(8 - before.length - after.length).fill("0");
  const groups = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
  const bytes = Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  return isMapped ? bytes.subarray(12) : bytes;
}
