import { ShoalError } from "@shoal/peer-core";
import { encodeTorrentFile, formatMagnet, webUrl } from "@shoal/peer-core/torrent";
import { writeFile } from "node:fs/promises";
import type { CommandContext } from "./command-spec.js";
import { createHashing } from "../compose.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { hashShare } from "../share/hash-share.js";
import { Progress } from "../terminal/progress.js";
import { reasonOf } from "../storage/disk-error.js";
import { scanSource } from "../storage/scan-source.js";
import { withHttpTwins } from "../catalogue/http-twins.js";
import { parseTrackerUrl } from "../catalogue/tracker-urls.js";
import { parseSize } from "../units.js";
import { UsageError } from "../usage-error.js";

/** `shoal create PATH -o X.torrent`. */
export async function create(context: CommandContext): Promise<ExitCode> {
  const { settings, output, shutdown } = context;
  const trackers = settings.list("tracker").map(parseTrackerUrl);
  const webSeeds = settings.list("webSeed").map(parseWebSeed);
  const pieceLength = settings.parsed("pieceLength", parseSize);
  const source = await scanSource(context.args[0] ?? "", shutdown.signal);
  for (const warning of source.warnings) output.warn("source", warning);
  const { metainfo } = await hashShare(source, {
    hasher: createHashing().hasher,
    progress: new Progress(output),
    pieceLength,
    memory: undefined,
    verify: true,
    signal: shutdown.signal,
  });
  const path = settings.text("output") ?? `${metainfo.name}.torrent`;
  const bytes = encodeTorrentFile(
    metainfo,
    trackers.map((url) => withHttpTwins([url])),
    { createdBy: `Shoal ${context.version}`, creationDate: Math.floor(Date.now() / 1000), webSeeds },
  );
  await writeNew(path, bytes, settings.flag("overwrite"));
  const magnet = formatMagnet({
    infoHash: metainfo.infoHash,
    name: metainfo.name,
    trackers: withHttpTwins(trackers),
    endpoints: [],
    webSeeds,
  });
  const { infoHash, name, length: size } = metainfo;
  output.event({ event: "created", infoHash, name, size, pieceLength: metainfo.geometry.pieceLength, path, magnet });
  output.print(path);
  output.note(`info-hash ${infoHash}`);
  return EXIT.done;
}

function parseWebSeed(text: string): string {
  const url = webUrl(text);
  if (url === undefined) throw new UsageError(`"${text}" is not a web seed: expected a URL like https://HOST/PATH`);
  return url;
}

async function writeNew(path: string, bytes: Uint8Array, overwrite: boolean): Promise<void> {
  try {
    await writeFile(path, bytes, { flag: overwrite ? "w" : "wx" });
  } catch (error) {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (exists) throw new ShoalError("exists", `${path} exists already; --overwrite replaces it`, { cause: error });
    throw new ShoalError("disk", `Cannot write ${path}: ${reasonOf(error)}`, { cause: error });
  }
}
