import { startTracker } from "@shoal/tracker";
import type { CommandContext } from "./command-spec.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { hostInUrl, pageUrls } from "../hub/lan-addresses.js";
import { aborted } from "../terminal/shutdown.js";
import { trackerOfHub } from "../catalogue/tracker-urls.js";
import { parseCount, parsePort } from "../units.js";

/** `shoal tracker PORT`. */
export async function runTracker(context: CommandContext): Promise<ExitCode> {
  const { settings, output, shutdown, version } = context;
  const host = settings.text("host");
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
