import { createSha1Hasher } from "@shoal/peer-core/platform";
import { messageOf } from "@shoal/peer-core/torrent";
import { openBrowserWorld } from "./browser-world.js";
import { Engine } from "./engine.js";
import type { EngineCommand, EngineEvent } from "./messages.js";
import { openOpfs } from "./opfs-place.js";
import { serveStorage, type StorageScope } from "./serve-storage.js";
import { STORAGE_THREAD } from "./storage-thread.js";

/** What a dedicated worker's global is, as far as it is needed here: the page's types describe a window. */
interface WorkerScope {
  readonly name: string;
  postMessage(event: EngineEvent): void;
  onmessage: ((event: MessageEvent<EngineCommand>) => void) | null;
}

const scope = globalThis as unknown as WorkerScope;

// One script for both: they have most of their code in common, and the page is to be small.
if (scope.name === STORAGE_THREAD) void runStorage();
else runEngine();

function runEngine(): void {
  const tell = (event: EngineEvent): void => scope.postMessage(event);
  /** Commands wait until the parts that have to be loaded first are there. */
  const engine = openBrowserWorld().then((world) => new Engine(world, tell));
  engine.catch((error: unknown) => tell({ type: "broken", message: messageOf(error) }));
  scope.onmessage = ({ data }) => {
    void engine.then((running) => running.handle(data)).catch(() => undefined);
  };
}

async function runStorage(): Promise<void> {
  const [opfs, hasher] = await Promise.all([openOpfs(), createSha1Hasher()]);
  serveStorage(globalThis as unknown as StorageScope, opfs, hasher);
}
