import { connect, type NetConnectOpts, type Socket } from "node:net";
import type { CreateConnection } from "@shoal/peer-core/platform";
import { FrameReader } from "./frame-reader.js";

/** Opens the socket of a WebSocket so that its data come cut by frames; see FrameReader. */
function connectCutting(options: NetConnectOpts): Socket {
  const reader = new FrameReader((chunk) => {
    socket.push(chunk);
    // Without a reader, or while it pauses, the stream keeps the chunk.
    return socket.readableLength > 0;
  });
  const onread = {
    buffer: () => reader.room(),
    callback: (length: number) => {
      reader.onRead(length);
      return true;
    },
  };
  const socket: Socket = connect({ ...options, onread });
  return socket;
}

/** `connectCutting` as `ws` wants it: `net.connect` has more ways to be called, of which `ws` uses this one. */
export const connectByFrames = connectCutting as CreateConnection;
