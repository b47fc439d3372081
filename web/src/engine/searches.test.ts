import { parseInfoHash } from "@shoal/peer-core/torrent";
import { expect, it } from "vitest";
import { Searches } from "./searches.js";

const infoHash = parseInfoHash("a".repeat(40))!;

it("waits for a search that is leaving, however it ends, and for none that there is not", async () => {
  const searches = new Searches();
  await searches.ended(infoHash);
  let leave = (): void => undefined;
  searches.note(infoHash, new Promise((_, reject) => (leave = () => reject(new Error("looked away")))));
  let hasEnded = false;
  const ended = searches.ended(infoHash).then(() => (hasEnded = true));
  await Promise.resolve();
  expect(hasEnded).toBe(false);
  leave();
  await ended;
});

it("waits for the last of several", async () => {
  const searches = new Searches();
  searches.note(infoHash, Promise.resolve());
  let leave = (): void => undefined;
  searches.note(infoHash, new Promise<void>((resolve) => (leave = resolve)));
  await Promise.resolve();
  let hasEnded = false;
  const ended = searches.ended(infoHash).then(() => (hasEnded = true));
  await Promise.resolve();
  expect(hasEnded).toBe(false);
  leave();
  await ended;
});
