import { join, resolve } from "node:path";
import { Catalogues } from "../catalogue/catalogues.js";
import { CommandHistory } from "../interactive/command-history.js";
import { runCommandLoop } from "../interactive/command-loop.js";
import type { CommandContext } from "./command-spec.js";
import { dataDir, rateLimits, reachability } from "../settings/common-settings.js";
import { openNodePeer, type NodePeer } from "../compose.js";
import type { ExitCode } from "../exit-codes.js";
import { InteractiveSession } from "../interactive/interactive-session.js";
import { hostInUrl } from "../hub/lan-addresses.js";
import { OwnerTokens } from "../catalogue/owner-tokens.js";
import { Progress } from "../terminal/progress.js";
import { HashMemory } from "../storage/hash-memory.js";
import { parseTrackerUrl } from "../catalogue/tracker-urls.js";
import { formatCount, parseDuration, parsePort } from "../units.js";

const DEFAULT_TIMEOUT_MS = 60_000;
/** Names looked at when connecting. */
const NAMES_LIMIT = 50;

/** `shoal client HOST PORT`. */
export async function runClient(context: CommandContext): Promise<ExitCode> {
  const { settings, output, shutdown } = context;
  const [host = "", port = ""] = context.args;
  const tracker = parseTrackerUrl(`ws://${hostInUrl(host)}:${parsePort(port)}/announce`);
  const timeoutMs = settings.parsed("timeout", parseDuration) ?? DEFAULT_TIMEOUT_MS;
  const catalogues = new Catalogues([tracker], () => undefined);
  // Whether anybody is there shows before the first command.
  const listed = await catalogues.search("", NAMES_LIMIT, shutdown.signal);
  const reach = reachability(settings);
  const peer = await openNodePeer({ ...reach, limits: rateLimits(settings), version: context.version });
  try {
    const session = createSession(context, { peer, tracker, timeoutMs, endpoint: reach.endpoint });
    output.note(
      `Connected to ${catalogues.all[0]?.hub ?? tracker} (${listed.length === NAMES_LIMIT ? "many shares" : formatCount(listed.length, "share")}). Type help for the commands.`,
    );
    const history = new CommandHistory(dataDir(settings));
    await runCommandLoop({
      session,
      catalogues,
      history,
      output,
      shutdown,
      input: context.stdin,
      echo: process.stderr,
    });
    return session.exitCode;
  } finally {
    await peer.close();
  }
}

interface Connected {
  readonly peer: NodePeer;
  readonly tracker: string;
  readonly timeoutMs: number;
  readonly endpoint: string | undefined;
}

function createSession(
  { settings, output, shutdown }: CommandContext,
  { peer, tracker, timeoutMs, endpoint }: Connected,
): InteractiveSession {
  const { client, hasher, checkedWriter } = peer;
  const { signal } = shutdown;
  const trackers = [tracker];
  // Live lines and a prompt do not share a terminal: `status` shows there what is under way.
  const progress = output.isLive ? { add: () => () => undefined } : new Progress(output);
  const memory = new HashMemory(join(dataDir(settings), "hashes"));
  return new InteractiveSession({
    getPlan: {
      directory: resolve(settings.text("output") ?? "."),
      ifExists: "fail",
      verify: false,
      adviceIfTaken: "Move it away, or start the client with -o and another folder.",
      adviceIfDamaged: "Move it away, or check it with: shoal download --overwrite",
      select: [],
      toStdout: false,
      timeoutMs,
      trackers: { urls: trackers, isChosen: true },
    },
    sharePlan: { trackers, searchable: true, endpoints: endpoint === undefined ? [] : [endpoint] },
    hashing: {
      hasher,
      progress,
      pieceLength: undefined,
      memory,
      verify: false,
      signal,
    },
    tools: { client, hasher, checkedWriter, output, progress, signal, tokens: new OwnerTokens(dataDir(settings)) },
  });
}
