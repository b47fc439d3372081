import { seededRandom, type SeededRandom } from "@shoal/peer-core/testing";

/** What can happen to somebody. */
export const FAULT_KINDS = [
  "kill",
  "restart",
  "stop",
  "cut",
  "reset",
  "hold",
  "half-open",
  "one-way",
  "latency",
  "loss",
  "disk-full",
  "torn-state",
  "flipped-state",
  "flipped-data",
  "clock",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export type Role = "hub" | "relay" | "seeder" | "downloader" | "tab";

/** To whom it can happen; a kind is as likely as its weight among them. */
const VICTIMS: Readonly<Record<FaultKind, { readonly weight: number; readonly roles: readonly Role[] }>> = {
  kill: { weight: 4, roles: ["hub", "relay", "seeder", "downloader", "downloader", "tab"] },
  restart: { weight: 2, roles: ["hub", "relay", "seeder", "downloader"] },
  stop: { weight: 3, roles: ["hub", "relay", "seeder", "downloader", "tab"] },
  cut: { weight: 2, roles: ["relay", "seeder", "downloader", "tab"] },
  reset: { weight: 2, roles: ["relay", "seeder", "downloader", "tab"] },
  hold: { weight: 2, roles: ["relay", "seeder", "downloader", "tab"] },
  "half-open": { weight: 2, roles: ["relay", "seeder", "downloader", "tab"] },
  "one-way": { weight: 2, roles: ["relay", "seeder", "downloader", "tab"] },
  latency: { weight: 2, roles: ["relay", "seeder", "downloader", "tab"] },
  loss: { weight: 2, roles: ["relay", "seeder", "downloader", "tab"] },
  "disk-full": { weight: 2, roles: ["downloader", "downloader", "relay"] },
  "torn-state": { weight: 2, roles: ["downloader", "downloader", "seeder", "relay"] },
  "flipped-state": { weight: 2, roles: ["downloader", "downloader", "seeder", "relay"] },
  "flipped-data": { weight: 2, roles: ["downloader", "downloader", "relay"] },
  clock: { weight: 2, roles: ["hub", "relay", "seeder", "downloader"] },
};

/** Links that are dead need a minute to be noticed: none is made so late that the whole run would wait for it. */
const LAST_DEAD_LINK = 0.6;
/** What runs for long is not ended in the last part, so that what it leaks can be seen. */
const LAST_HUB_END = 0.7;
const ENDS_HUBS: readonly FaultKind[] = ["kill", "restart", "torn-state", "flipped-state", "flipped-data"];

/** One fault: when, what, to whom. */
export interface Fault {
  /** Since the one before. */
  readonly gapMs: number;
  readonly kind: FaultKind;
  readonly victim: string;
  readonly role: Role;
  /** How long it lasts, where it lasts. */
  readonly lengthMs: number;
  /** 0 to 1: which line, which byte, how much. */
  readonly detail: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly faults: number;
  /** The mean gap between two. */
  readonly gapMs: number;
  /** How long a fault may last. */
  readonly lengthsMs: readonly number[];
  readonly victims: readonly { readonly name: string; readonly role: Role }[];
  /** Kinds that this machine cannot bring about. */
  readonly without?: readonly FaultKind[];
}

/** Draws what is to happen from the seed alone. */
export function drawPlan(options: PlanOptions): readonly Fault[] {
  const random = seededRandom(options.seed);
  return Array.from({ length: options.faults }, (_, at) => drawFault(random, options, at / options.faults));
}

function drawFault(random: SeededRandom, options: PlanOptions, progress: number): Fault {
  const { kind, victim } = drawWho(random, options, progress);
  return {
    gapMs: Math.round(2 * options.gapMs * random.float()),
    kind,
    victim: victim.name,
    role: victim.role,
    lengthMs: random.pick(options.lengthsMs),
    detail: random.float(),
  };
}

function drawWho(random: SeededRandom, { victims, without = [] }: PlanOptions, progress: number) {
  const bag = FAULT_KINDS.filter((kind) => !without.includes(kind)).flatMap((kind) =>
    Array.from({ length: VICTIMS[kind].weight }, () => kind),
  );
  for (;;) {
    const kind = random.pick(bag);
    const role = random.pick(VICTIMS[kind].roles);
    const able = victims.filter((each) => each.role === role);
    if (able.length === 0) continue;
    if ((kind === "half-open" || kind === "one-way") && progress > LAST_DEAD_LINK) continue;
    if ((role === "hub" || role === "relay") && ENDS_HUBS.includes(kind) && progress > LAST_HUB_END) continue;
    return { kind, victim: random.pick(able) };
  }
}
