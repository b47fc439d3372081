import { afterAll, beforeAll } from "vitest";
import { TestHub } from "./hub.js";
import { ProcessBed } from "./processes.js";

/** One hub for all tests of a file, with a bed of its own; to be called at its top. */
export function useHub(onStarted: (started: { readonly bed: ProcessBed; readonly hub: TestHub }) => void): void {
  let bed: ProcessBed | undefined;
  beforeAll(async () => {
    bed = await ProcessBed.open();
    onStarted({ bed, hub: await TestHub.start(bed) });
  });
  afterAll(async () => {
    await bed?.close();
  });
}
