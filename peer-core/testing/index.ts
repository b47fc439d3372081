export { createMicrotaskHasher } from "./microtask-hasher.js";
export type { MemoryHost, MemoryHostOptions } from "./memory-host.js";
export { MemoryNetwork, type MemoryNetworkOptions } from "./memory-network.js";
export { seededRandom, type SeededRandom } from "./seeded-random.js";
export { VirtualClock } from "./virtual-clock.js";
export { describeConnection, type ConnectionPair } from "./connection-contract.js";
export { ConnectionRecorder } from "./connection-recorder.js";
export { describeDialer, type DialerSetting } from "./dialer-contract.js";
export { CONTRACT_GEOMETRY, describePieceStore, type PieceStorage } from "./piece-store-contract.js";
