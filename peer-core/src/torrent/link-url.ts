/** Longer ones are dropped: the longest real announce URLs, with their pass keys, have about 200 characters. */
const MAX_URL_LENGTH = 1024;

const TRACKER_PROTOCOLS: ReadonlySet<string> = new Set(["ws:", "wss:", "http:", "https:", "udp:"]);
const WEBSOCKET_PROTOCOLS: ReadonlySet<string> = new Set(["ws:", "wss:"]);
const WEB_PROTOCOLS: ReadonlySet<string> = new Set(["http:", "https:"]);

/** The announce URL in normal form; undefined when it is not one that a peer may open. */
export function trackerUrl(text: string): string | undefined {
  return urlWith(TRACKER_PROTOCOLS, text)?.href;
}

/** An address that a peer can be dialled at: ws://…, wss://… or tcp://HOST:PORT in normal form, else undefined. */
export function endpointUrl(text: string): string | undefined {
  if (/^tcp:/i.test(text)) return tcpUrl(text.replace(/^tcp:\/\//i, "").replace(/\/$/, ""));
  return urlWith(WEBSOCKET_PROTOCOLS, text)?.href;
}

/** tcp://HOST:PORT from HOST:PORT; undefined unless the host is a name or an IP address and the port 1 to 65,535. */
export function tcpUrl(hostAndPort: string): string | undefined {
  const [, host, port] = /^([a-z0-9._-]+|\[[0-9a-f:.]+\]):([1-9]\d{0,4})$/i.exec(hostAndPort) ?? [];
  if (host === undefined || Number(port) > 65_535) return undefined;
  // An http URL checks and normalises the host, which is opaque in a tcp URL; without its port it is not shortened.
  const url = urlWith(WEB_PROTOCOLS, `http://${host}`);
  return url === undefined ? undefined : `tcp://${url.hostname}:${port}`;
}

/** An http or https URL in normal form; undefined when it is another. */
export function webUrl(text: string): string | undefined {
  return urlWith(WEB_PROTOCOLS, text)?.href;
}

/** Credentials in a stranger's URL would be sent to whomever it names, so such URLs are dropped. */
function urlWith(protocols: ReadonlySet<string>, text: string): URL | undefined {
  if (text.length > MAX_URL_LENGTH) return undefined;
  try {
    const url = new URL(text);
    const isPlain = url.hostname !== "" && url.username === "" && url.password === "";
    return isPlain && protocols.has(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}

/** The first `max` different results of `normalise`, in order. */
export function acceptUrls(
  texts: readonly string[],
  normalise: (text: string) => string | undefined,
  max: number,
): readonly string[] {
  const accepted = new Set<string>();
  for (const text of texts) {
    if (accepted.size >= max) break;
    const url = normalise(text);
    if (url !== undefined) accepted.add(url);
  }
  return [...accepted];
}
