import { beforeEach, describe, expect, it } from "vitest";
import { RateMeter } from "../../base/rate-meter.js";
import type { PeerSession } from "../../peer/peer-session.js";
import { RequestWindow, type OutRequest } from "../../peer/request-window.js";
import { UNIT_BYTES } from "../../torrent/geometry.js";
import { judgePatience } from "./patience.js";

let requests: RequestWindow;
let downMeter: RateMeter;

beforeEach(() => {
  requests = new RequestWindow();
  downMeter = new RateMeter();
});

/** Units of piece 0 are asked for. */
function ask(now: number, ...units: number[]): void {
  for (const unit of units) requests.sent({ piece: 0, begin: unit * UNIT_BYTES, length: UNIT_BYTES, sentAt: now });
}

/** Units of piece 0 come. */
function come(now: number, ...units: number[]): void {
  for (const unit of units) requests.settle(0, unit * UNIT_BYTES, UNIT_BYTES, now);
}

/** So many bytes a second have come for a long time, until `now`. */
function flow(bytesPerSecond: number, now: number): void {
  for (let ms = now - 20_000; ms <= now; ms += 100) downMeter.add(bytesPerSecond / 10, ms);
}

/** "wait", "close", or the units given up, with "all" before them where nothing comes of any request. */
function judged(now: number, othersHave: (unit: number) => boolean = () => true): string {
  const session = { requests, downMeter } as unknown as PeerSession;
  const judgement = judgePatience(session, now, (request) => othersHave(unitOf(request)));
  if (judgement.kind !== "give-up") return judgement.kind;
  return [...(judgement.isStalled ? ["all"] : []), ...judgement.requests.map(unitOf)].join(" ");
}

function unitOf(request: OutRequest): number {
  return request.begin / UNIT_BYTES;
}

describe("the patience with a peer", () => {
  it("has no end while it owes nothing", () => {
    expect(judged(1_000_000)).toBe("wait");
  });

  it("ends after two seconds in which nothing has come, for all that others have", () => {
    ask(1_000, 0, 1);
    ask(2_000, 2);
    expect(judged(2_999)).toBe("wait");
    expect(judged(3_000)).toBe("all 0 1 2");
    expect(judged(3_000, (unit) => unit === 1)).toBe("all 1");
  });

  it("lasts a minute where nobody else has it, and ends with the link", () => {
    ask(1_000, 0);
    expect(judged(60_999, () => false)).toBe("wait");
    expect(judged(61_000, () => false)).toBe("close");
  });

  it("is four times as long as the answer should take, by what came when something came last", () => {
    flow(2 * UNIT_BYTES, 1_000);
    ask(1_000, 0, 1, 2, 3, 4, 5);
    come(1_000, 0, 1);
    expect(judged(8_000)).toBe("wait");
    expect(judged(9_200)).toBe("all 2 3 4 5");
  });

  it("is longer than what was given up took to come, and half as long with each block that comes in time", () => {
    ask(0, 0);
    for (const request of [...requests.outstanding()]) requests.giveUp(request);
    come(32_000, 0);
    ask(50_000, 1, 2);
    expect(judged(97_999)).toBe("wait");
    expect(judged(98_000)).toBe("all 1 2");
    come(98_000, 1);
    expect(judged(121_999)).toBe("2");
    ask(98_000, 3);
    come(98_000, 2);
    expect(judged(100_000)).toBe("all 3");
  });

  it("is no longer for what came within the ten seconds that it lasts at most", () => {
    ask(0, 0);
    for (const request of [...requests.outstanding()]) requests.giveUp(request);
    come(9_000, 0);
    ask(20_000, 1);
    expect(judged(22_000)).toBe("all 1");
  });

  it("is a minute at most, however late blocks came", () => {
    ask(0, 0);
    for (const request of [...requests.outstanding()]) requests.giveUp(request);
    come(500_000, 0);
    ask(600_000, 1);
    expect(judged(659_999)).toBe("wait");
    expect(judged(660_000)).toBe("close");
  });

  it("is ten seconds at most", () => {
    flow(UNIT_BYTES / 100, 0);
    ask(0, 0, 1);
    come(0, 0);
    expect(judged(9_999)).toBe("wait");
    expect(judged(10_000)).toBe("all 1");
  });

  it("ends for what is passed over while other blocks come", () => {
    ask(0, 0);
    ask(1_000, 1, 2, 3);
    come(1_500, 1);
    expect(judged(1_999)).toBe("wait");
    expect(judged(2_000)).toBe("0");
    come(2_500, 2);
    expect(judged(3_000)).toBe("0 3");
    expect(judged(3_000, (unit) => unit === 3)).toBe("3");
  });

  it("ends after a minute for what is passed over and nobody else has, once each", () => {
    ask(0, 0);
    ask(1_000, 1, 2);
    come(59_000, 1);
    expect(judged(59_999, () => false)).toBe("wait");
    expect(judged(60_000, () => false)).toBe("0");
    expect(judged(60_000)).toBe("0 2");
  });

  it("is as long for what was asked since, where the peer has failed to answer before", () => {
    ask(0, 0);
    requests.snub();
    ask(1_500, 1);
    expect(judged(2_500)).toBe("all 0");
    expect(judged(3_500)).toBe("all 0 1");
  });
});
