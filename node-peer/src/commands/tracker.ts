import type { CommandContext, CommandSpec } from "./command-spec.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { hostInUrl, pageUrls } from "../hub/lan-addresses.js";
import { aborted } from "../terminal/shutdown.js";
import { trackerOfHub } from "../catalogue/tracker-urls.js";
import { parseCount, parsePort } from "../units.js";

/** `shoal tracker PORT`. */
export const trackerCommand: CommandSpec = {
  name: "tracker",
  aliases: [],
  arguments: "<port>",
  summary: "Run a tracker alone, with its catalogue but without a page",
  options: [
    { flags: "--host <address>", description: "address to listen on (default: all)" },
    { flags: "--trust-proxy", description: "believe X-Forwarded-For" },
    { flags: "--public-url <url>", description: "where it is reached, e.g. behind a proxy" },
    {
      flags: "--announce-rate <count>",
      description: "announces per minute, socket and share; 0 for no limit (default: 2)",
    },
    { flags: "--store <url>", description: "share state with other trackers through Redis", unavailable: true },
  ],
  examples: ["tracker 8000", "tracker 8000 --data /var/lib/shoal"],
  run: runTracker,
};

async function runTracker(context: CommandContext): Promise<ExitCode> {
  const { settings, output, shutdown, version } = context;
  const host = settings.text("host");
  // Loaded here: other commands start faster without it.
  const { startTracker } = await import("@shoal/tracker");
  const tracker = await startTracker({
    port: parsePort(context.args[0] ?? ""),
    host,
    dataDir: settings.text("data"),
    announceRate: settings.parsed("announceRate", parseCount),
    trustProxy: settings.flag("trustProxy"),
    publicUrl: settings.text("publicUrl"),
    version,
    log: (line) => output.detail(line),
  });
  try {
    const urls = pageUrls(host, tracker.port).map(trackerOfHub);
    const url = urls[0] ?? `ws://${hostInUrl(host ?? "localhost")}:${tracker.port}/announce`;
    output.event({ event: "serving", url, urls, tracker: url, port: tracker.port });
    for (const each of urls) output.print(each);
    if (settings.text("data") === undefined) output.note("The catalogue lives in memory; --data DIR keeps it.");
    output.note("Stop with Ctrl-C.");
    await aborted(shutdown.signal);
    return EXIT.done;
  } finally {
    await tracker.close();
  }
}
