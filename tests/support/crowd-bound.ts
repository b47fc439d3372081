/** A peer's line, in bytes per second. */
export interface Line {
  readonly up: number;
  readonly down: number;
  /** Seconds after the source; 0 when left out. */
  readonly joinsAtSeconds?: number;
  /** What its user lets it send at most, where that is less than the line carries; the bound does not count it. */
  readonly gives?: number;
}

/** Who takes part in a distribution. */
export interface CrowdLines {
  readonly source: Line;
  readonly peers: readonly Line[];
  /** Set: peers reach each other, and the source, through these alone. */
  readonly relays?: readonly Line[];
}

/**
 * The shortest time, in seconds, in which the source can give `bytes` to all peers: each byte leaves the source once,
 * the slowest peer has to take it in, and what all take in has to be sent by somebody (Kumar and Ross, "Peer-assisted
 * file distribution: the minimum distribution time", 2006). Who joins later gives and takes only from then on. Through
 * relays everything is sent by them.
 */
export function lowerBoundSeconds(bytes: number, { source, peers, relays }: CrowdLines): number {
  const slowest = Math.max(...peers.map(({ down, joinsAtSeconds = 0 }) => joinsAtSeconds + bytes / down));
  const needed = peers.length * bytes;
  const senders: readonly Line[] = relays ?? [source, ...peers];
  return Math.max(bytes / source.up, slowest, sendingSeconds(needed, senders));
}

/** When `senders` can have sent `bytes` between them. */
function sendingSeconds(bytes: number, senders: readonly Line[]): number {
  const joining = senders.map(({ up, joinsAtSeconds = 0 }) => ({ up, at: joinsAtSeconds })).sort((a, b) => a.at - b.at);
  let rate = 0;
  let left = bytes;
  let now = 0;
  for (const { up, at } of joining) {
    const sent = rate * (at - now);
    if (sent >= left) break;
    left -= sent;
    now = at;
    rate += up;
  }
  return now + left / rate;
}
