import type { CrowdLines, Line } from "../../support/crowd-bound.js";

/** 20 Mbit/s, in bytes per second. */
export const U = 2_500_000;

/** A distribution that is measured. */
export interface NamedCrowd extends CrowdLines {
  readonly name: string;
}

const EQUAL: Line = { up: U, down: U };

/** All crowds of `count` peers. */
export function crowdsOf(count: number): readonly NamedCrowd[] {
  const places = Array.from({ length: count }, (_, at) => at);
  const equal = places.map(() => EQUAL);
  return [
    { name: `${count} equal`, source: EQUAL, peers: equal },
    { name: `${count} mixed`, source: EQUAL, peers: places.map((at) => ({ up: spread(at, U), down: 4 * U })) },
    {
      name: `${count} that send little`,
      source: { up: 2 * U, down: U },
      peers: places.map((at) => ({ up: spread(at, U / 4), down: 4 * U })),
    },
    {
      name: `${count}, every other late`,
      source: EQUAL,
      peers: places.map((at) => ({ ...EQUAL, joinsAtSeconds: at % 2 === 0 ? 0 : (at / count) * 6 })),
    },
    { name: `${count} through one relay`, source: EQUAL, peers: equal, relays: [{ up: count * U, down: count * U }] },
    {
      name: `${count} through two relays`,
      source: EQUAL,
      peers: equal,
      relays: places.slice(0, 2).map(() => ({ up: (count / 2 + 1) * U, down: count * U })),
    },
  ];
}

/** A quarter, half, once, twice, four times as much, in turns. */
function spread(at: number, middle: number): number {
  return (middle / 4) * 2 ** (at % 5);
}
