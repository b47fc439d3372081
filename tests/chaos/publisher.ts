import { encodeBencode } from "@shoal/peer-core/torrent";
import type { World } from "./world.js";

/** Acknowledged shares before the kill is sent; the last of them are answered while it comes. */
const BEFORE_KILL = 2;
/** So many fit the day's quota of an address, with the real shares. */
const MOST = 60;

/** What the hub has acknowledged, by the world that it was in. */
const acknowledged = new WeakMap<World, string[]>();
let names = 0;

/** Info-hashes of shares that the hub has said to keep. */
export function acknowledgedIn(world: World): string[] {
  const known = acknowledged.get(world) ?? [];
  acknowledged.set(world, known);
  return known;
}

/** Lists one share after the other at the hub until it is gone. */
export function publishUntilGone(world: World): { readonly started: Promise<void>; readonly done: Promise<void> } {
  const known = acknowledgedIn(world);
  let count = 0;
  let begun = (): void => undefined;
  const started = new Promise<void>((resolve) => (begun = resolve));
  const publish = async (): Promise<void> => {
    while (known.length < MOST) {
      const infoHash = await publishOne(world.url("hub"));
      if (infoHash === undefined) break;
      known.push(infoHash);
      if (++count >= BEFORE_KILL) begun();
    }
    begun();
  };
  return { started, done: publish() };
}

/** Undefined when the hub is gone. */
async function publishOne(url: string): Promise<string | undefined> {
  const facts = { length: 1, name: `note ${++names}`, "piece length": 32_768, pieces: new Uint8Array(20) };
  const body = new Blob([Uint8Array.from(encodeBencode(new Map(Object.entries(facts))))]);
  const headers = { "Content-Type": "application/x-bittorrent" };
  try {
    const answer = await fetch(new URL("api/torrents", url), { method: "POST", body, headers });
    return ((await answer.json()) as { infoHash?: string }).infoHash;
  } catch {
    return undefined;
  }
}
