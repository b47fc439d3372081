import { createTracker } from "@shoal/tracker";
import { join } from "node:path";
import type { CommandContext } from "./command-spec.js";
import { dataDir } from "../settings/common-settings.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { startHub } from "../hub/hub.js";
import { createHubPage } from "../hub/hub-page.js";
import { pageUrls } from "../hub/lan-addresses.js";
import { qrCode } from "../terminal/qr-code.js";
import { aborted } from "../terminal/shutdown.js";
import { trackerOfHub } from "../catalogue/tracker-urls.js";
import { parseCount, parsePort } from "../units.js";
import { UsageError } from "../usage-error.js";

const DEFAULT_PORT = 8000;

/** `shoal serve`. */
export async function serve(context: CommandContext): Promise<ExitCode> {
  const { settings, output, shutdown, version } = context;
  const port = settings.parsed("port", parsePort) ?? portFromEnvironment() ?? DEFAULT_PORT;
  const host = settings.text("host");
  const publicUrl = settings.parsed("publicUrl", parsePublicUrl);
  const folder = join(dataDir(settings), "hub");
  const tracker = createTracker({
    dataDir: folder,
    announceRate: settings.parsed("announceRate", parseCount),
    trustProxy: settings.flag("trustProxy"),
    publicUrl,
    version,
    log: (line) => output.detail(line),
  });
  let urls: readonly string[] = [];
  const hub = await startHub({
    host,
    port,
    tracker,
    page: createHubPage(),
    describe: () => ({ version, urls, publicUrl: publicUrl ?? null }),
  });
  try {
    urls = [...(publicUrl === undefined ? [] : [publicUrl]), ...pageUrls(host, hub.port)];
    announce(urls, { context, port: hub.port, folder });
    await aborted(shutdown.signal);
    return EXIT.done;
  } finally {
    await hub.close();
  }
}

interface Started {
  readonly context: CommandContext;
  readonly port: number;
  readonly folder: string;
}

/** The first URL is the one worth giving to others. */
function announce(urls: readonly string[], { context, port, folder }: Started): void {
  const { output, version } = context;
  const [url = `http://localhost:${port}/`, ...others] = urls;
  const tracker = trackerOfHub(url);
  output.event({ event: "serving", url, urls, tracker, port });
  output.note(`Shoal ${version}: open the page to share and get files`);
  output.print(url);
  for (const other of others) output.print(other);
  output.note(`Tracker  ${tracker}`);
  output.note(`Data     ${folder}`);
  output.note(`\n${qrCode(url)}\nStop with Ctrl-C.`);
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
