import { isShoalError, parseWebLink } from "@shoal/peer-core/torrent";
import type { ShareLink } from "@shoal/peer-core/torrent";

/** What the page shows; everything that chooses it stands after the `#`. */
export type Route =
  | { readonly kind: "home"; readonly query: string }
  | { readonly kind: "share"; readonly link: ShareLink }
  | { readonly kind: "broken-link"; readonly isPrivate: boolean };

/** The route of a whole URL of the page; whatever is not a share's is the home page. */
export function routeOf(href: string): Route {
  const { hash } = new URL(href);
  if (!hash.startsWith("#/s/")) return { kind: "home", query: searchOf(hash) };
  try {
    return { kind: "share", link: parseWebLink(href) };
  } catch (error) {
    if (!isShoalError(error, "link")) throw error;
    return { kind: "broken-link", isPrivate: /^#\/s\/[^/?]+\/[^/?]/.test(hash) };
  }
}

/** The fragment of the home page with a search in it. */
export function homeHash(query: string): string {
  return query === "" ? "#/" : `#/?${new URLSearchParams({ q: query }).toString()}`;
}

function searchOf(hash: string): string {
  return new URLSearchParams(/^#\/\?(.*)$/s.exec(hash)?.[1] ?? "").get("q") ?? "";
}
