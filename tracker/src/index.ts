/** The tracker as a library: run one, or mount one on a server of your own. */
export { createTracker } from "./create-tracker.js";
export type { ExtraMetric, MountedTracker, TrackerOptions } from "./tracker-options.js";
export { startTracker } from "./start-tracker.js";
export type { ListenOptions, RunningTracker } from "./start-tracker.js";
/** WebSockets on the bare stream, for whoever serves them on the same port. */
export { answerHandshake, refuseUpgrade } from "./websocket/handshake.js";
export { MASK_BYTES, readClientHeader, readClose, VIOLATIONS } from "./websocket/client-header.js";
export type { ClientHeader, Violation } from "./websocket/client-header.js";
export {
  binaryHeader,
  CLOSE,
  closeFrame,
  controlFrame,
  MAX_CONTROL_BYTES,
  PING,
  PONG,
  TEXT,
  unmask,
} from "./websocket/frame.js";
export { limitServer, SERVER_OPTIONS } from "./limit-server.js";
