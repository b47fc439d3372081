/** The process that loads a tracker: opens sockets and announces as it is told, and says how long answers took. */
import { AnnounceSocket } from "./announce-socket.js";
import type { AnnounceRequest, LoadRequest, LoadResult, Population } from "./messages.js";

const sockets: AnnounceSocket[] = [];
/** Milliseconds between bursts when announcing at a rate. */
const TICK_MS = 2;

async function open(port: number, { sockets: count, swarms, swarmsPerSocket }: Population): Promise<number> {
  for (let peer = 0; peer < count; peer++) {
    const indexes = Array.from({ length: swarmsPerSocket }, (_, at) => (peer * swarmsPerSocket + at) % swarms);
    const socket = await AnnounceSocket.open(
      port,
      indexes.map((swarm) => announceOf(peer, swarm)),
    );
    for (const swarm of indexes) await socket.ask({ ...announceOf(peer, swarm), event: "started" });
    sockets.push(socket);
  }
  return count * swarmsPerSocket;
}

/** As WebTorrent announces again: with an `offers` key, so that it speaks WebRTC, but none to forward. */
function announceOf(peer: number, swarm: number): object {
  return {
    action: "announce",
    info_hash: `${swarm}`.padStart(20, "h"),
    peer_id: `-WW0208-${`${peer}`.padStart(12, "p")}`,
    uploaded: 0,
    downloaded: 0,
    left: (peer + swarm) % 2 === 0 ? 0 : 1_048_576,
    numwant: 50,
    offers: [],
  };
}

function announce({ seconds, perSecond }: AnnounceRequest): Promise<number[]> {
  return perSecond === undefined ? saturate(seconds) : pace(seconds, perSecond);
}

/** One announce in flight per socket, for so many seconds. */
async function saturate(seconds: number): Promise<number[]> {
  const took: number[] = [];
  const until = performance.now() + seconds * 1000;
  let open = sockets.length;
  await new Promise<void>((resolve) => {
    for (const socket of sockets) {
      socket.onAnswer = (milliseconds) => {
        took.push(milliseconds);
        if (performance.now() < until) socket.announce();
        else if (--open === 0) resolve();
      };
      socket.announce();
    }
  });
  return took;
}

/** So many announces a second whether answers come or not, the sockets in turns. */
async function pace(seconds: number, perSecond: number): Promise<number[]> {
  const took: number[] = [];
  for (const socket of sockets) socket.onAnswer = (milliseconds) => took.push(milliseconds);
  const start = performance.now();
  const total = Math.round(seconds * perSecond);
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, ((performance.now() - start) / 1000) * perSecond);
    for (; sent < due; sent++) sockets[sent % sockets.length]?.announce();
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  while (took.length < total) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  return took;
}

async function answer(request: LoadRequest): Promise<LoadResult> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const took = request.kind === "open" ? [] : await announce(request);
  const announces = request.kind === "open" ? await open(request.port, request.population) : took.length;
  const { user, system } = process.cpuUsage(cpu);
  const sorted = Float64Array.from(took).sort();
  const quantile = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? NaN;
  return {
    announces,
    seconds: (performance.now() - start) / 1000,
    p50: quantile(0.5),
    p99: quantile(0.99),
    cpuSeconds: (user + system) / 1e6,
  };
}

process.once("disconnect", () => process.exit());
process.on("message", (request: LoadRequest) => {
  void answer(request).then((result) => process.send?.(result));
});
