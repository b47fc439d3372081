import {
  isShoalError,
  type Client,
  type Hasher,
  type SessionEvent,
  type ShoalError,
  type TorrentSession,
} from "@shoal/peer-core";
import { formatMagnet, formatWebLink, type Metainfo } from "@shoal/peer-core/torrent";
import { reportEvent } from "../terminal/event-report.js";
import { noteRot } from "../terminal/rot-notice.js";
import type { HashedShare } from "./hash-share.js";
import type { Output } from "../terminal/output.js";
import type { OwnerTokens } from "../catalogue/owner-tokens.js";
import { Publisher } from "../catalogue/publisher.js";
import type { ScannedSource } from "../storage/scan-source.js";
import { SeedStore } from "../storage/seed-store.js";
import { untilAnnounced } from "./tracker-reach.js";
import { trackerForOthers } from "../catalogue/tracker-for-others.js";
import { withHttpTwins } from "../catalogue/http-twins.js";
import { hubOfTracker } from "../catalogue/tracker-urls.js";

/** How often shared files are looked at; a millisecond more per file, so that many cost no more than few. */
const WATCH_MS = 3_000;

/** How sources are to be shared. */
export interface SharePlan {
  readonly trackers: readonly string[];
  readonly searchable: boolean;
  /** URLs at which this process can be dialled, for the links. */
  readonly endpoints: readonly string[];
  /** Relays are asked to keep a copy. */
  readonly asksToKeep?: boolean;
}

export interface ShareTools {
  readonly client: Client;
  readonly hasher: Hasher;
  readonly output: Output;
  readonly tokens: OwnerTokens;
  readonly signal: AbortSignal;
}

/** A source that others can get by name, info-hash and link. */
export interface RunningShare {
  readonly metainfo: Metainfo;
  readonly session: TorrentSession;
  /** At the page of the first tracker; undefined when no tracker has one. */
  readonly link: string | undefined;
  readonly magnet: string;
  /** Resolves when it can no longer be served (its files changed); the trackers have been told by then. */
  readonly failed: Promise<ShoalError>;
}

/**
 * Seeds a hashed source and lists it; resolves once its name, info-hash and link work for others. Throws
 * ShoalError("tracker") when no tracker can be reached, "exists" when this process shares it already.
 */
export async function shareSource(hashed: HashedShare, plan: SharePlan, tools: ShareTools): Promise<RunningShare> {
  const { metainfo } = hashed;
  const session = tools.client.add({
    source: metainfo,
    openStore: () => Promise.resolve(new SeedStore({ ...hashed, hasher: tools.hasher })),
    trackers: [plan.trackers],
    asksToKeep: plan.asksToKeep,
  });
  const { failed, established } = follow(session, hashed.source, tools.output);
  try {
    const publisher = new Publisher(metainfo, { ...tools, ...plan });
    const announced = untilAnnounced(session, plan.trackers, tools.signal);
    const [{ listed, failures }] = await Promise.all([publisher.publishAll(), announced]);
    for (const failure of failures) tools.output.warn(failure.code, failure.message);
    if (listed === 0 && failures.length > 0)
      tools.output.warn("tracker", `${metainfo.name} is in no catalogue: its link works, its name does not`);
    established();
    publisher.follow(session);
    const [main, ...others] = plan.trackers;
    const forOthers = main === undefined ? [] : [await trackerForOthers(main, tools.signal), ...others];
    return { metainfo, session, failed, ...linksOf(metainfo, { ...plan, trackers: forOthers }) };
  } catch (error) {
    await session.stop();
    throw error;
  }
}

function linksOf(metainfo: Metainfo, plan: SharePlan): { link: string | undefined; magnet: string } {
  const { infoHash, name } = metainfo;
  const share = { infoHash, name, trackers: plan.trackers, endpoints: plan.endpoints, webSeeds: [] };
  const [main, ...others] = plan.trackers;
  const hub = main === undefined ? undefined : hubOfTracker(main);
  // The page knows its own tracker: only the others are worth their room in the link and its QR code.
  const link = hub === undefined ? undefined : formatWebLink(hub, { ...share, trackers: others });
  return { link, magnet: formatMagnet({ ...share, trackers: withHttpTwins(plan.trackers) }) };
}

interface Followed {
  readonly failed: Promise<ShoalError>;
  /** From now on tracker errors are told as they come; earlier ones are told now. */
  readonly established: () => void;
}

/** Until it is known whether any tracker answers, their errors are kept back: the one that ends it all says enough. */
function follow(session: TorrentSession, source: ScannedSource, output: Output): Followed {
  let held: SessionEvent[] | undefined = [];
  const established = () => {
    for (const event of held ?? []) reportEvent(event, session.infoHash, output);
    held = undefined;
  };
  const failed = new Promise<ShoalError>((resolve) => {
    const fail = (error: ShoalError) => void session.stop().finally(() => resolve(error));
    session.on((event) => {
      if (event.kind === "failed") fail(event.error);
      else if (held && event.kind === "tracker-error") held.push(event);
      else reportEvent(event, session.infoHash, output);
      noteRot(event, session, "Check the disk; upload --verify shares what is there now.", output);
    });
    watchSource(session, source, fail);
  });
  return { failed, established };
}

/** Nobody may read for hours what changed: then the swarm should not believe that it is here. */
function watchSource(session: TorrentSession, source: ScannedSource, onChanged: (error: ShoalError) => void): void {
  const timer = setInterval(
    () => {
      if (["stopped", "failed"].includes(session.view.state)) {
        clearInterval(timer);
        return;
      }
      source.assertUnchanged().catch((error: unknown) => {
        clearInterval(timer);
        if (isShoalError(error)) onChanged(error);
      });
    },
    Math.max(WATCH_MS, source.files.length),
  );
  timer.unref();
}
