import { grantedFiles } from "./granted-files.js";
import type { EngineCommand, EngineEvent } from "./messages.js";
import { PatientWorker } from "./patient-worker.js";

/** The line from the page to its engine. */
export interface EngineLine {
  /** Commands are carried out in the order in which they are posted; `start` comes first. */
  post(command: EngineCommand): void;
  /**
   * Asks the person for the files that the browser remembers of a share in `needs-files` with `canGrant`, and goes on
   * with them. To be called from a click. False when the person refuses; rejects when a file is gone.
   */
  grant(infoHash: string): Promise<boolean>;
  /** Ends the worker at once: nothing is told any more. For tests; a page that goes takes its worker with it. */
  close(): void;
}

/** Starts the engine's worker. `onEvent` hears everything that it tells, and of a worker that cannot be loaded. */
export function openEngine(onEvent: (event: EngineEvent) => void): EngineLine {
  const start = () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "shoal engine" });
  const worker = new PatientWorker(start, onEvent);
  const post = (command: EngineCommand): void => {
    // What is got shall not be cleared when the disk gets full; only a page may ask, and it may be refused.
    if (command.type === "get") void (navigator.storage as StorageManager | undefined)?.persist().catch(() => false);
    worker.post(command);
  };
  return {
    post,
    grant: async (infoHash) => {
      const files = await grantedFiles(infoHash);
      if (files !== undefined) post({ type: "refile", infoHash, files });
      return files !== undefined;
    },
    close: () => worker.close(),
  };
}
