import type { RateLimits } from "@shoal/peer-core";
import envPaths from "env-paths";
import { resolve } from "node:path";
import type { Settings } from "./settings.js";
import { parsePort, parseRate } from "../units.js";
import { UsageError } from "../usage-error.js";

/** `--up` and `--down` in bytes per second. Throws UsageError. */
export function rateLimits(settings: Settings): RateLimits {
  return { up: settings.parsed("up", parseRate) ?? 0, down: settings.parsed("down", parseRate) ?? 0 };
}

/** `--data`, else the XDG data folder of this user. */
export function dataDir(settings: Settings): string {
  return resolve(settings.text("data") ?? envPaths("shoal", { suffix: "" }).data);
}

/** How a command's peers can be dialled. */
export interface Reachability {
  /** Undefined: no port is opened. 0: a free one. */
  readonly port: number | undefined;
  /** A URL that leads to the port, when a proxy or router stands before it. */
  readonly endpoint: string | undefined;
}

/** `--listen PORT`, `--no-listen` and `--endpoint URL`. Throws UsageError. */
export function reachability(settings: Settings): Reachability {
  const listen = settings.parsed("listen", (text) =>
    ["false", "off", "no"].includes(text) ? undefined : parsePort(text),
  );
  const port = settings.text("listen") === undefined ? 0 : listen;
  return { port, endpoint: settings.parsed("endpoint", parseEndpoint) };
}

function parseEndpoint(text: string): string {
  if (URL.canParse(text) && /^wss?:$/.test(new URL(text).protocol)) return new URL(text).href;
  throw new UsageError(`"${text}" is not an endpoint: expected a URL like wss://example.org/peer`);
}
