import { simulateCrowd, type CrowdResult } from "../../support/simulated-crowd.js";
import type { Benchmark } from "../benchmark.js";
import { MIB, formatSize } from "../sizes.js";
import { crowdsOf, type NamedCrowd } from "./crowds.js";

/** What is carried, so that the shortest time is 13.4 s at 20 Mbit/s. */
const LENGTH = 32 * MIB;
const LATENCY_MS = 20;
/** Larger crowds take as long to simulate as all smaller ones together. */
const LARGE = 32;

/** How near a crowd comes to the shortest time to everyone, under a virtual clock. */
export const shortestTime: Benchmark = {
  name: "shortest-time",
  title: "The shortest time to everyone, simulated",
  run: async ({ isQuick, say }) => {
    const crowds = isQuick ? crowdsOf(8).slice(0, 2) : [8, LARGE, 128].flatMap(selected);
    const rows: string[][] = [];
    for (const crowd of crowds) {
      say(crowd.name);
      rows.push(await rowOf(crowd, isQuick ? LENGTH / 4 : LENGTH));
    }
    const columns = ["", "shortest s", "Shoal s", "ratio", "source sent", "each received"];
    return [{ title: `${formatSize(isQuick ? LENGTH / 4 : LENGTH)} from one source`, columns, rows, notes: NOTES }];
  },
};

const NOTES = [
  "The whole of the peer on simulated lines under a virtual clock: no run differs from another. 20 ms one way; u is 20 Mbit/s, and the source sends at u.",
  "Shortest: max(F/u_source, F/d, N·F/(u_source + Σu)) (Kumar and Ross, 2006), through relays max(F/u_source, F/d, N·F/ΣU): nobody can be faster. From the source's start, or the peers' joining, to the last peer's completion.",
  "Mixed: peers send u/4, u/2, u, 2u, 4u in turns and take 4u. That send little: a quarter of that, and the source 2u. Late: every other peer comes within the first six seconds. Through relays: nobody can dial anybody else; one relay of N·u, or two of (N/2 + 1)·u.",
  "Sent and received: payload, in shares; received once is 1.",
];

function selected(count: number): readonly NamedCrowd[] {
  return count > LARGE ? crowdsOf(count).slice(0, 2) : crowdsOf(count);
}

async function rowOf(crowd: NamedCrowd, length: number): Promise<string[]> {
  const result = await simulateCrowd({ ...crowd, seed: 1, length, latencyMs: LATENCY_MS });
  return [crowd.name, ...cellsOf(result)];
}

function cellsOf({ seconds, boundSeconds, sourceShares, receivedShares }: CrowdResult): string[] {
  const ratio = (seconds / boundSeconds).toFixed(2);
  return [boundSeconds.toFixed(1), seconds.toFixed(1), ratio, sourceShares.toFixed(2), receivedShares.toFixed(2)];
}
