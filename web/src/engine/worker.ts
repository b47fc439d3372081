import { messageOf } from "@shoal/peer-core/torrent";
import { Engine } from "./engine.js";
import type { EngineCommand, EngineEvent } from "./messages.js";
import { openBrowserWorld } from "./browser-world.js";

/** What a dedicated worker's global is, as far as it is needed here: the page's types describe a window. */
interface WorkerScope {
  postMessage(event: EngineEvent): void;
  onmessage: ((event: MessageEvent<EngineCommand>) => void) | null;
}

const scope = globalThis as unknown as WorkerScope;
const tell = (event: EngineEvent): void => scope.postMessage(event);

/** Commands wait until the parts that have to be loaded first are there. */
const engine = openBrowserWorld().then((world) => new Engine(world, tell));
engine.catch((error: unknown) => tell({ type: "broken", message: messageOf(error) }));

scope.onmessage = ({ data }) => {
  void engine.then((running) => running.handle(data)).catch(() => undefined);
};
