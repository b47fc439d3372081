import { resolve } from "node:path";
import type { CommandContext } from "./command-spec.js";
import { rateLimits, reachability } from "../settings/common-settings.js";
import { openNodePeer } from "../compose.js";
import { EXIT, exitCodeOf, type ExitCode } from "../exit-codes.js";
import { getShare, type GetPlan, type GetTools } from "../get/get-share.js";
import { knownTrackers } from "../settings/known-trackers.js";
import { Progress } from "../terminal/progress.js";
import { shareProgress } from "../terminal/share-progress.js";
import { aborted } from "../terminal/shutdown.js";
import { parseDuration } from "../units.js";
import { UsageError } from "../usage-error.js";

const DEFAULT_TIMEOUT_MS = 60_000;

/** `shoal download WHAT…`. */
export async function download(context: CommandContext): Promise<ExitCode> {
  const { settings, output, shutdown } = context;
  const plan = await readPlan(context);
  const keepSeeding = settings.flag("keepSeeding");
  const peer = await openNodePeer({
    ...reachability(settings),
    limits: rateLimits(settings),
    version: context.version,
  });
  const progress = new Progress(output);
  try {
    const tools: GetTools = {
      client: peer.client,
      hasher: peer.hasher,
      checkedWriter: peer.checkedWriter,
      output,
      progress,
      signal: shutdown.signal,
    };
    const codes = await Promise.all(
      [...new Set(context.args)].map((what) => downloadOne(what, { plan, tools, keepSeeding })),
    );
    if (keepSeeding && codes.includes(EXIT.done)) await seed(context, tools);
    if (codes.includes(EXIT.interrupted)) output.note("What has come is kept: the same command goes on from there.");
    return codes.find((code) => code !== EXIT.done) ?? EXIT.done;
  } finally {
    await peer.close();
  }
}

interface OneDownload {
  readonly plan: GetPlan;
  readonly tools: GetTools;
  readonly keepSeeding: boolean;
}

/** Each WHAT fails for itself: the others go on. */
async function downloadOne(what: string, { plan, tools, keepSeeding }: OneDownload): Promise<ExitCode> {
  try {
    const downloaded = await getShare(what, plan, tools);
    if (downloaded && !keepSeeding) await downloaded.session.stop();
    return EXIT.done;
  } catch (error) {
    if (!tools.signal.aborted) tools.output.error(error);
    return tools.signal.aborted ? EXIT.interrupted : exitCodeOf(error);
  }
}

async function seed({ output, shutdown }: CommandContext, { client, progress }: GetTools): Promise<void> {
  output.note("Seeding until Ctrl-C.");
  const ends = client
    .sessions()
    .map((session) => progress.add(shareProgress(session, session.metainfo?.name ?? session.infoHash)));
  await aborted(shutdown.signal);
  for (const end of ends) end();
}

async function readPlan({ settings, output, shutdown }: CommandContext): Promise<GetPlan> {
  const overwrite = settings.flag("overwrite");
  const toStdout = settings.flag("stdout");
  const verify = settings.flag("verify");
  if (overwrite && settings.flag("skip")) throw new UsageError("--overwrite and --skip exclude each other");
  if (verify && (toStdout || settings.flag("skip")))
    throw new UsageError(`--verify checks what is there: it does not go with ${toStdout ? "--stdout" : "--skip"}`);
  if (toStdout && (output.json || settings.text("output") !== undefined))
    throw new UsageError("--stdout goes neither with --json nor with --output");
  return {
    directory: resolve(settings.text("output") ?? "."),
    verify,
    adviceIfTaken: "Choose another folder with -o, or --verify what is there, or --overwrite, or --skip.",
    adviceIfDamaged: "The same command with --verify checks it and gets what is missing.",
    ifExists: overwrite ? "overwrite" : settings.flag("skip") ? "skip" : "fail",
    select: settings.list("select"),
    toStdout,
    timeoutMs: settings.parsed("timeout", parseDuration) ?? DEFAULT_TIMEOUT_MS,
    trackers: await knownTrackers(settings, shutdown.signal),
  };
}
