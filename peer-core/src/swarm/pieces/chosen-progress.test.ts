import { expect, it } from "vitest";
import { Bitfield } from "../../torrent/bitfield.js";
import { ChosenProgress } from "./chosen-progress.js";

it("counts chosen bytes alone, from what is here at the start", () => {
  const progress = new ChosenProgress(Uint32Array.of(10, 0, 7), Bitfield.fromFlags(Uint8Array.of(1, 1, 0)));
  expect(progress).toMatchObject({ chosenBytes: 17, doneBytes: 10 });
  progress.onStored(2);
  expect(progress.doneBytes).toBe(17);
});

it("says when what was whole is not any more", () => {
  const progress = new ChosenProgress(Uint32Array.of(10, 0, 7), Bitfield.fromFlags(Uint8Array.of(1, 1, 1)));
  expect(progress.onLost(1), "nothing of it was chosen").toBe(false);
  expect(progress.onLost(0)).toBe(true);
  expect(progress.onLost(2), "it was not whole before").toBe(false);
  expect(progress.doneBytes).toBe(0);
});
