import { isShoalError, ShoalError, type Metainfo, type ShareLink } from "@shoal/peer-core/torrent";
import { HubCatalogue } from "./hub-catalogue.js";
import { metainfoOf, waysTo, type TaskContext } from "./task-context.js";

/** A catalogue that does not know a share may come to: its seeder may just be hashing. */
const ASK_AGAIN_MS = 10_000;

/** Catalogues are asked for so long before peers are: a search among them that is over at once is a dial in vain. */
const HEAD_START_MS = 500;

/** Neither catalogue nor peers knew it for this long: said to be unknown, and looked for all the same. */
const UNKNOWN_MS = 12_000;

/**
 * Finds out what a link leads to: from the hub's catalogue, from the catalogue of the hub that the link names, and from
 * peers, whichever answers first. `onUnknown` is called when nobody has known it for a while; the search goes on until
 * `signal` fires. Rejects then, and with ShoalError "metainfo" when what was found under the right hash is none.
 */
export async function lookUp(
  link: ShareLink,
  context: TaskContext,
  onUnknown: () => void,
  signal: AbortSignal,
): Promise<Metainfo> {
  const found = new AbortController();
  const either = AbortSignal.any([signal, found.signal]);
  const timer = setTimeout(onUnknown, UNKNOWN_MS);
  const fromPeers = askPeers(link, context, either);
  context.searches.note(link.infoHash, fromPeers);
  try {
    return await firstOf([askCatalogues(link, context, either), fromPeers], either);
  } finally {
    clearTimeout(timer);
    found.abort(new ShoalError("aborted", "It was found"));
  }
}

/** The first that resolves, or the first refusal that is final. */
function firstOf<T>(attempts: readonly Promise<T>[], signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    for (const attempt of attempts) attempt.then(resolve, reject);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

async function askCatalogues(link: ShareLink, context: TaskContext, signal: AbortSignal): Promise<Metainfo> {
  const { hub } = link;
  const catalogues = [context.catalogue];
  // A hub that is not this page's: whether it is there says nothing about ours.
  if (hub !== undefined && hub !== context.base) {
    catalogues.push(new HubCatalogue(hub, context.world.runtime.hasher, () => undefined));
  }
  for (;;) {
    for (const catalogue of catalogues) {
      const metainfo = await askOne(catalogue, link, signal);
      if (metainfo !== undefined) return metainfo;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    signal.throwIfAborted();
  }
}

async function askOne(catalogue: HubCatalogue, link: ShareLink, signal: AbortSignal): Promise<Metainfo | undefined> {
  try {
    return await catalogue.metainfo(link.infoHash, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    // A catalogue that cannot be asked or lies: peers may know better.
    if (isShoalError(error)) return undefined;
    throw error;
  }
}

async function askPeers(link: ShareLink, context: TaskContext, signal: AbortSignal): Promise<Metainfo> {
  // One that nobody waits for any more answers nobody either.
  await context.searches.ended(link.infoHash);
  signal.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, HEAD_START_MS));
  signal.throwIfAborted();
  const known = context.client.get(link.infoHash);
  if (known !== undefined) return await metainfoOf(known, signal);
  const session = context.client.add({
    source: link.infoHash,
    // Nothing is fetched before somebody has seen what it is and agreed.
    openStore: () => Promise.reject(new ShoalError("aborted", "Nothing is kept yet")),
    ...waysTo(context, link),
  });
  try {
    return await metainfoOf(session, signal);
  } finally {
    await session.stop();
  }
}
