import { isPrivateHost } from "../base/host-scope.js";
import type { RangeSource } from "../ports/range-source.js";
import type { SeedFailure } from "./seed-failure.js";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/**
 * Undefined when a web seed's URL may be asked. One of this machine or its network is asked only without a query:
 * a stranger's link must not make us push the buttons of a router.
 */
export async function refusalOf(url: string, source: RangeSource): Promise<SeedFailure | undefined> {
  const { hostname, search } = new URL(url);
  if (search === "" || !(await isAtHome(hostname, source))) return undefined;
  return { kind: "unusable", message: "a web seed in a private network may have no query" };
}

/** Where a redirect leads, if one may follow: to http or https, without credentials, never from outside into our network. */
export async function followRedirect(
  from: string,
  location: string | undefined,
  source: RangeSource,
): Promise<string | SeedFailure> {
  const target = targetOf(from, location);
  if (target === undefined) return { kind: "unusable", message: "a redirect leads to nothing that can be fetched" };
  const { hostname } = new URL(from);
  if (target.hostname !== hostname && (await isAtHome(target.hostname, source))) {
    if (!(await isAtHome(hostname, source))) {
      return { kind: "unusable", message: "a redirect leads into a private network" };
    }
  }
  return (await refusalOf(target.href, source)) ?? target.href;
}

function targetOf(from: string, location: string | undefined): URL | undefined {
  try {
    const url = new URL(location ?? "", from);
    const isWeb = url.protocol === "http:" || url.protocol === "https:";
    return location !== undefined && isWeb && url.username === "" && url.password === "" ? url : undefined;
  } catch {
    return undefined;
  }
}

async function isAtHome(hostname: string, source: RangeSource): Promise<boolean> {
  return isPrivateHost(hostname) || (await source.leadsHome(hostname));
}
