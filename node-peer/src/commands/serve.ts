import { createTracker } from "@shoal/tracker";
import { join } from "node:path";
import type { CommandContext } from "./command-spec.js";
import { createHashing } from "../compose.js";
import { dataDir, rateLimits } from "../settings/common-settings.js";
import { relayPlan, type RelayPlan } from "../settings/relay-plan.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { startHub } from "../hub/hub.js";
import { createHubPage } from "../hub/hub-page.js";
import { hostInUrl, pageUrls } from "../hub/lan-addresses.js";
import { openFsPieceCache } from "../relay/fs-piece-cache.js";
import { HubRelay } from "../relay/hub-relay.js";
import { OWN_ENDPOINT } from "../relay/own-relay-channel.js";
import { qrCode } from "../terminal/qr-code.js";
import { aborted } from "../terminal/shutdown.js";
import { trackerOfHub } from "../catalogue/tracker-urls.js";
import { formatSize, parseCount, parsePort } from "../units.js";
import { UsageError } from "../usage-error.js";

const DEFAULT_PORT = 8000;

/** `shoal serve`. */
export async function serve(context: CommandContext): Promise<ExitCode> {
  const { settings } = context;
  const folder = join(dataDir(settings), "hub");
  const plan = relayPlan(settings);
  const relay = plan === undefined ? undefined : await openRelay(context, plan, folder);
  try {
    return await run(context, folder, relay);
  } finally {
    await relay?.close();
  }
}

async function openRelay({ settings, version }: CommandContext, plan: RelayPlan, folder: string): Promise<HubRelay> {
  const { hasher, checkedWriter } = createHashing();
  const directory = join(folder, "cache");
  const limits = rateLimits(settings);
  const cache = await openFsPieceCache({ directory, quotaBytes: plan.cacheBytes, hasher, creator: checkedWriter });
  return new HubRelay({ plan, cache, hasher, limits, version });
}

async function run(context: CommandContext, folder: string, relay: HubRelay | undefined): Promise<ExitCode> {
  const { settings, output, shutdown, version } = context;
  const port = settings.parsed("port", parsePort) ?? portFromEnvironment() ?? DEFAULT_PORT;
  const host = settings.text("host");
  const publicUrl = settings.parsed("publicUrl", parsePublicUrl);
  const trustProxy = settings.flag("trustProxy");
  const tracker = createTracker({
    dataDir: folder,
    announceRate: settings.parsed("announceRate", parseCount),
    trustProxy,
    publicUrl,
    version,
    relays: relay === undefined ? [] : [OWN_ENDPOINT],
    metrics: relay?.metrics,
    log: (line) => output.detail(line),
  });
  let urls: readonly string[] = [];
  const hub = await startHub({
    host,
    port,
    tracker,
    page: createHubPage(),
    peers: relay && { onConnection: (connection) => relay.accept(connection), trustProxy },
    describe: () => ({
      version,
      urls,
      publicUrl: publicUrl ?? null,
      relay: relay === undefined ? null : { endpoint: OWN_ENDPOINT, policy: relay.policy },
    }),
  });
  try {
    urls = [...(publicUrl === undefined ? [] : [publicUrl]), ...pageUrls(host, hub.port)];
    const trackerUrl = trackerOfHub(localUrl(host, hub.port));
    const endpoint = publicUrl === undefined ? undefined : new URL(OWN_ENDPOINT, trackerOfHub(publicUrl)).href;
    relay?.start({ tracker, trackerUrl, port: hub.port, endpoint, links: () => hub.links });
    announce(urls, { context, port: hub.port, folder, relay });
    await aborted(shutdown.signal);
    return EXIT.done;
  } finally {
    // While the tracker still listens: the relay says goodbye.
    await relay?.close();
    await hub.close();
  }
}

/** Where this process reaches its own port. */
function localUrl(host: string | undefined, port: number): string {
  const isEverywhere = host === undefined || host === "" || host === "::" || host === "0.0.0.0";
  return `http://${isEverywhere ? "localhost" : hostInUrl(host)}:${port}/`;
}

interface Started {
  readonly context: CommandContext;
  readonly port: number;
  readonly folder: string;
  readonly relay: HubRelay | undefined;
}

/** The first URL is the one worth giving to others. */
function announce(urls: readonly string[], { context, port, folder, relay }: Started): void {
  const { output, version } = context;
  const [url = `http://localhost:${port}/`, ...others] = urls;
  const tracker = trackerOfHub(url);
  output.event({ event: "serving", url, urls, tracker, port });
  output.note(`Shoal ${version}: open the page to share and get files`);
  output.print(url);
  for (const other of others) output.print(other);
  output.note(`Tracker  ${tracker}`);
  output.note(`Data     ${folder}`);
  output.note(`Relay    ${describeRelay(relay)}`);
  output.note(`\n${qrCode(url)}\nStop with Ctrl-C.`);
}

function describeRelay(relay: HubRelay | undefined): string {
  if (relay === undefined) return "off";
  const what = relay.policy === "any" ? "any share" : "shares of this hub";
  return `${what}, with up to ${formatSize(relay.cacheBytes)} on disk`;
}

/** Hosting services say PORT; empty counts as unset. */
function portFromEnvironment(): number | undefined {
  const text = process.env.PORT?.trim();
  return text ? parsePort(text) : undefined;
}

function parsePublicUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new UsageError(`"${text}" is not a URL of a page: expected one like https://hub.example/`);
  }
  const url = new URL(text);
  return `${url.origin}${url.pathname.replace(/\/?$/, "/")}`;
}
