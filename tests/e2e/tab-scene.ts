import { afterAll, afterEach, beforeAll } from "vitest";
import { TestHub } from "../support/hub.js";
import { TabBed } from "./tab-bed.js";

/** What the tests of a file have in common; there from the first of them on. */
export interface TabScene {
  readonly tabs: TabBed;
  readonly hub: TestHub;
}

/** A browser and a hub for all tests of a file, which calls this once; tabs are closed after each test. */
export function openTabScene(): TabScene {
  const scene: { tabs?: TabBed; hub?: TestHub } = {};
  beforeAll(async () => {
    scene.tabs = await TabBed.open();
    scene.hub = await TestHub.start(scene.tabs.processes);
  });
  afterEach(() => scene.tabs?.closeTabs());
  afterAll(() => scene.tabs?.close());
  return scene as TabScene;
}
