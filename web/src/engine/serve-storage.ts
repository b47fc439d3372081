import type { Hasher } from "@shoal/peer-core";
import type { StoragePlace } from "./kept-store.js";
import { StorageDesk } from "./storage-desk.js";
import type { StorageCommand, StorageEvent } from "./storage-messages.js";

/** One end of a line between two threads. */
export interface StorageScope {
  postMessage(event: StorageEvent, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<StorageCommand>) => void) | null;
}

/** Serves the engine at the other end from `place`; says at once that there is nothing when it is undefined. */
export function serveStorage(scope: StorageScope, place: StoragePlace | undefined, hasher: Hasher): void {
  if (place !== undefined) {
    const desk = new StorageDesk(place, hasher);
    scope.onmessage = ({ data: command }) => {
      void desk.take(command).then((outcome) => {
        const memory = "data" in outcome && outcome.data !== undefined ? [outcome.data.buffer] : [];
        scope.postMessage({ type: "answer", call: command.call, outcome }, memory);
      });
    };
  }
  scope.postMessage({ type: "ready", hasFiles: place !== undefined }, []);
}
