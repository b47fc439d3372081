/** The process under test: one tracker, over WebSocket only. Tells its port to the parent and ends with it. */
import { startTracker } from "@shoal/tracker";
import type { ServerMessage, TrackerKind } from "./messages.js";

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

const kind = process.argv[2] === "shoal" ? "shoal" : "bittorrent-tracker";
process.once("disconnect", () => process.exit());
const message: ServerMessage = { port: await KINDS[kind]() };
process.send?.(message);
