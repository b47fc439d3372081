import type { SeededRandom } from "@shoal/peer-core/testing";
import type { Disaster, PeerPlan, RelayPlan, TrackerPlan } from "./scenario.js";

/** What there is for disasters to happen to. */
interface Shape {
  readonly pieceCount: number;
  readonly trackers: readonly TrackerPlan[];
  readonly relays: readonly RelayPlan[];
  readonly peers: readonly PeerPlan[];
  readonly isCrowd: boolean;
}

/** Disasters begin within this time, and last as long at most; a crowd, where every second costs, gets over them sooner. */
const DISASTERS_MS = 12_000;
const DISASTERS_OF_CROWD_MS = 4_000;
const MOST_DISASTERS = 8;
/** As long as a farewell in good order takes. */
const AWAY_MS = 15_000;

/** Disasters for a swarm, in the order of their times; none in one of five. */
export function drawDisasters(random: SeededRandom, shape: Shape): Disaster[] {
  const count = random.int(5) === 0 ? 0 : 1 + random.int(MOST_DISASTERS);
  return Array.from({ length: count }, () => drawDisaster(random, shape)).sort((a, b) => a.atMs - b.atMs);
}

function drawDisaster(random: SeededRandom, shape: Shape): Disaster {
  const { pieceCount, trackers, relays, peers, isCrowd } = shape;
  const longestMs = isCrowd ? DISASTERS_OF_CROWD_MS : DISASTERS_MS;
  const atMs = random.int(longestMs);
  const ms = 1_000 + random.int(longestMs);
  const peer = random.pick(peers).name;
  const name = relays.length > 0 && random.int(4) === 0 ? random.pick(relays).name : peer;
  const tracker = random.pick(trackers).name;
  const downMs = random.int(5) === 0 ? undefined : 100 + random.int(longestMs);
  switch (random.int(12)) {
    case 0:
    case 1: {
      const noticedAfterMs = random.int(2) === 0 ? undefined : random.int(200);
      return { kind: "crash", atMs, name, loses: random.int(2) === 0, noticedAfterMs, downMs };
    }
    case 2:
      return { kind: "leave", atMs, name, downMs: downMs === undefined ? undefined : AWAY_MS + downMs };
    case 3:
      return { kind: "stall", atMs, name, ms };
    case 4:
      return { kind: "lose-links", atMs, name };
    case 5:
      return { kind: "half-open", atMs, name };
    case 6: {
      const names = [...peers, ...relays].map((plan) => plan.name).filter(() => random.int(2) === 0);
      return { kind: "partition", atMs, names, ms };
    }
    case 7:
      return { kind: "slow-line", atMs, name, bytesPerSecond: 8_192 + random.int(90_112) };
    case 8:
      return { kind: "slow-disk", atMs, name, accessMs: random.int(1_500) };
    case 9:
      return random.int(3) === 0
        ? { kind: "full-disk", atMs, name: peer }
        : { kind: "flip", atMs, name, piece: random.int(pieceCount) };
    case 10:
      return { kind: "flip", atMs, name, piece: random.int(pieceCount) };
    default:
      return random.int(2) === 0
        ? { kind: "tracker-down", atMs, name: tracker, ms }
        : { kind: "tracker-lines", atMs, name: tracker };
  }
}
