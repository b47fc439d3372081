/** The tracker as a library: run one, or mount one on a server of your own. */
export { createTracker } from "./create-tracker.js";
export type { ExtraMetric, MountedTracker, TrackerOptions } from "./tracker-options.js";
export { startTracker } from "./start-tracker.js";
export type { ListenOptions, RunningTracker } from "./start-tracker.js";
export { limitServer, SERVER_OPTIONS } from "./limit-server.js";
