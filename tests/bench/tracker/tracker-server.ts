/**
 * The process under test: one tracker, over WebSocket only. Tells its port to the parent and ends with it. On any message it
 * collects its garbage as V8 does when memory is low, which also gives back what a burst had needed, and tells its heap.
 */
import { Session } from "node:inspector/promises";
import { startTracker } from "@shoal/tracker";
import type { HeapMessage, ServerMessage, TrackerKind } from "./messages.js";

const KINDS: Record<TrackerKind, () => Promise<number>> = {
  async shoal() {
    return (await startTracker({ host: "127.0.0.1", port: 0, announceRate: 0 })).port;
  },

  async "bittorrent-tracker"() {
    const { default: Server } = await import("bittorrent-tracker/server");
    const server = new Server({ http: false, udp: false, ws: true, stats: false });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    return server.ws.address().port;
  },
};

async function collect(): Promise<HeapMessage> {
  const session = new Session();
  session.connect();
  // Twice: what finalizers let go in the first is garbage only then.
  await session.post("HeapProfiler.collectGarbage");
  await session.post("HeapProfiler.collectGarbage");
  session.disconnect();
  return { heapBytes: process.memoryUsage().heapUsed };
}

const kind = process.argv[2] === "shoal" ? "shoal" : "bittorrent-tracker";
process.once("disconnect", () => process.exit());
process.on("message", () => void collect().then((heap) => process.send?.(heap)));
const message: ServerMessage = { port: await KINDS[kind]() };
process.send?.(message);
