/** WebSockets on the bare stream (RFC 6455), for whoever serves them beside the tracker; without anything of the tracker. */
export { MASK_BYTES, readClientHeader, readClose, VIOLATIONS } from "./client-header.js";
export type { ClientHeader, Violation } from "./client-header.js";
export {
  BINARY,
  binaryHeader,
  CLOSE,
  closeFrame,
  controlFrame,
  MAX_CONTROL_BYTES,
  PING,
  PONG,
  TEXT,
  unmask,
} from "./frame.js";
export { answerHandshake, refuseUpgrade } from "./handshake.js";
