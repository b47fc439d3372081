import { simulateCrowd, type CrowdResult } from "../../support/simulated-crowd.js";
import type { Benchmark } from "../benchmark.js";
import { MIB, formatSize } from "../sizes.js";
import { crowdsOf, type NamedCrowd } from "./crowds.js";

/** What is carried, so that the shortest time is 13.4 s at 20 Mbit/s. */
const LENGTH = 32 * MIB;
const LATENCY_MS = 20;

/** How near a crowd comes to the shortest time to everyone, under a virtual clock. */
export const shortestTime: Benchmark = {
  name: "shortest-time",
  title: "The shortest time to everyone, simulated",
  run: ({ isQuick, say }) => simulateAll(isQuick ? crowdsOf(8).slice(0, 2) : [8, 32].flatMap(crowdsOf), isQuick, say),
};

/** The same with many, each of which takes minutes to simulate. */
export const shortestTimeOfMany: Benchmark = {
  name: "shortest-time-of-many",
  title: "The shortest time to many, simulated",
  run: ({ isQuick, say }) => simulateAll(crowdsOf(128).slice(0, 2), isQuick, say),
};

async function simulateAll(crowds: readonly NamedCrowd[], isQuick: boolean, say: (text: string) => void) {
  const length = isQuick ? LENGTH / 4 : LENGTH;
  const rows: string[][] = [];
  for (const crowd of crowds) {
    const row = await rowOf(crowd, length);
    say(row.join(", "));
    rows.push(row);
  }
  const columns = ["", "shortest s", "Shoal s", "ratio", "source sent", "each received"];
  return [{ title: `${formatSize(length)} from one source`, columns, rows, notes: NOTES }];
}

const NOTES = [
  "The whole of the peer on simulated lines under a virtual clock: no run differs from another. 20 ms one way; u is 20 Mbit/s, and the source sends at u.",
  "Shortest: max(F/u_source, F/d, N·F/(u_source + Σu)) (Kumar and Ross, 2006), through relays max(F/u_source, F/d, N·F/ΣU): nobody can be faster. From the source's start, or the peers' joining, to the last peer's completion.",
  "Mixed: peers send u/4, u/2, u, 2u, 4u in turns and take 4u. That send little: a quarter of that, and the source 2u. Late: every other peer comes within the first six seconds. Through relays: nobody can dial anybody else; one relay of N·u, or two of (N/2 + 1)·u.",
  "Sent and received: payload, in shares; received once is 1.",
];

async function rowOf(crowd: NamedCrowd, length: number): Promise<string[]> {
  const result = await simulateCrowd({ ...crowd, seed: 1, length, latencyMs: LATENCY_MS });
  return [crowd.name, ...cellsOf(result)];
}

function cellsOf({ seconds, boundSeconds, sourceShares, receivedShares }: CrowdResult): string[] {
  const ratio = (seconds / boundSeconds).toFixed(2);
  return [boundSeconds.toFixed(1), seconds.toFixed(1), ratio, sourceShares.toFixed(2), receivedShares.toFixed(2)];
}
