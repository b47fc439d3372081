import type { InfoHash } from "@shoal/peer-core";
import { displayName } from "@shoal/peer-core/torrent";
import { join } from "node:path";
import type { CommandContext } from "./command-spec.js";
import { dataDir, rateLimits, reachability } from "../settings/common-settings.js";
import { openNodePeer } from "../compose.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { hashShare, type HashedShare } from "../share/hash-share.js";
import { knownTrackers } from "../settings/known-trackers.js";
import { OwnerTokens } from "../catalogue/owner-tokens.js";
import { Progress } from "../terminal/progress.js";
import { reportShared } from "../terminal/report-shared.js";
import { keepersOf, untilSeeded, type SeedingLimits } from "../share/seeding-end.js";
import { shareProgress } from "../terminal/share-progress.js";
import { shareSource, type RunningShare, type SharePlan, type ShareTools } from "../share/share-source.js";
import { HashMemory } from "../storage/hash-memory.js";
import { scanSource } from "../storage/scan-source.js";
import { formatDate, formatSize, parseDuration, parseRatio, parseSize } from "../units.js";

/** `shoal upload PATH…`. */
export async function upload(context: CommandContext): Promise<ExitCode> {
  const { settings, output, shutdown } = context;
  const reach = reachability(settings);
  const plan: SharePlan = {
    trackers: (await knownTrackers(settings, shutdown.signal)).urls,
    searchable: !settings.flag("unlisted"),
    endpoints: reach.endpoint === undefined ? [] : [reach.endpoint],
    asksToKeep: settings.flag("untilKept"),
  };
  const limits: SeedingLimits = {
    kept: settings.flag("untilKept"),
    ratio: settings.parsed("untilRatio", parseRatio),
    timeMs: settings.parsed("untilTime", parseDuration),
  };
  const hashing = {
    pieceLength: settings.parsed("pieceLength", parseSize),
    verify: settings.flag("verify"),
    onWarning: (code: string, message: string) => output.warn(code, message),
  };
  const rates = rateLimits(settings);
  // All paths before anything is hashed or opened: a typing mistake shows at once.
  const sources = await Promise.all(context.args.map(async (path) => ({ path, source: await scanSource(path) })));
  for (const { source } of sources) for (const warning of source.warnings) output.warn("source", warning);
  const peer = await openNodePeer({ ...reach, limits: rates, version: context.version });
  try {
    const memory = new HashMemory(join(dataDir(settings), "hashes"));
    const progress = new Progress(output);
    const tools = {
      client: peer.client,
      hasher: peer.hasher,
      output,
      progress,
      tokens: new OwnerTokens(dataDir(settings)),
      signal: shutdown.signal,
    };
    const uploads = new Uploads(plan, limits, tools);
    for (const { path, source } of sources) {
      await uploads.add(
        path,
        await hashShare(source, { ...hashing, hasher: peer.hasher, memory, progress, signal: shutdown.signal }),
      );
    }
    output.note(seedingNote(limits));
    return await uploads.untilEnd();
  } finally {
    await peer.close();
  }
}

function seedingNote({ ratio, timeMs, kept }: SeedingLimits): string {
  if (kept) return "Seeding until a relay has promised to keep it; Ctrl-C stops it.";
  return ratio === undefined && timeMs === undefined ? "Seeding until Ctrl-C." : "Seeding; Ctrl-C stops it.";
}

interface UploadTools extends ShareTools {
  readonly progress: Progress;
}

/** Everything that one `upload` shares. */
class Uploads {
  readonly #plan: SharePlan;
  readonly #limits: SeedingLimits;
  readonly #tools: UploadTools;
  readonly #shares = new Map<InfoHash, RunningShare>();
  readonly #ends: Promise<ExitCode>[] = [];

  constructor(plan: SharePlan, limits: SeedingLimits, tools: UploadTools) {
    this.#plan = plan;
    this.#limits = limits;
    this.#tools = tools;
  }

  /** Shares one PATH; the same content given twice is one share, told twice. */
  async add(path: string, hashed: HashedShare): Promise<void> {
    const { infoHash } = hashed.metainfo;
    const known = this.#shares.get(infoHash);
    const share = known ?? (await shareSource(hashed, this.#plan, this.#tools));
    reportShared(path, share, this.#tools.output, true);
    if (known) return;
    this.#shares.set(infoHash, share);
    this.#ends.push(this.#seed(share));
  }

  /** Resolves when no share is served any more: `failed` if one of them had to stop. */
  async untilEnd(): Promise<ExitCode> {
    const codes = await Promise.all(this.#ends);
    return codes.includes(EXIT.failed) ? EXIT.failed : EXIT.done;
  }

  async #seed(share: RunningShare): Promise<ExitCode> {
    const { output, signal } = this.#tools;
    const { session, metainfo } = share;
    const endProgress = this.#tools.progress.add(shareProgress(session, metainfo.name));
    const failure = await Promise.race([share.failed, untilSeeded(share, this.#limits, signal)]);
    endProgress();
    const { uploaded, downloaded } = session.view;
    if (this.#limits.kept && !failure) this.#reportKept(share);
    if (failure) output.warn(failure.code, `${metainfo.name} is no longer shared: ${failure.message}`);
    await session.stop();
    output.event({ event: "stopped", infoHash: session.infoHash, uploaded, downloaded });
    if (!failure && !signal.aborted) output.note(`${displayName(metainfo.name)}: ${formatSize(uploaded)} sent, done`);
    return failure ? EXIT.failed : EXIT.done;
  }

  /** Nothing to tell when something else has ended it. */
  #reportKept({ session, metainfo }: RunningShare): void {
    const [keeper] = keepersOf(session.view, Date.now());
    if (keeper === undefined) return;
    const until = formatDate(Math.floor(keeper.untilMs / 1_000));
    this.#tools.output.event({ event: "kept", infoHash: session.infoHash, by: keeper.label, until });
    this.#tools.output.note(`${displayName(metainfo.name)}: kept by ${displayName(keeper.label)} until ${until}`);
  }
}
