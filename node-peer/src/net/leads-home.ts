import { isPrivateHost } from "@shoal/peer-core";
import { lookup } from "node:dns/promises";

/** True when the name of a host leads to this machine or its network; a name that leads nowhere does not. */
export async function leadsHome(hostname: string): Promise<boolean> {
  try {
    const found = await lookup(hostname.replace(/^\[|\]$/g, ""), { all: true });
    return found.some(({ address }) => isPrivateHost(address));
  } catch {
    return false;
  }
}
