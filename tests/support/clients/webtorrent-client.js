// One share in WebTorrent, over TCP alone. Argument: JSON with source, folder, encryption, bytesPerSecond.
// Prints a line of JSON whenever it holds other pieces than before: {"pieces": "0110..."}; says on stderr what goes wrong.
import WebTorrent from "webtorrent";

const LOOK_MS = 50;

const { source, folder, encryption, bytesPerSecond } = JSON.parse(process.argv[2]);

const client = new WebTorrent({
  utp: false,
  dht: false,
  lsd: false,
  natUpnp: false,
  natPmp: false,
  webSeeds: false,
  tracker: { wrtc: false },
  secure: encryption !== "never",
  uploadLimit: bytesPerSecond || -1,
});
const torrent = client.add(source, { path: folder });
torrent.on("warning", (warning) => console.error(String(warning)));
client.on("error", (error) => {
  console.error(String(error));
  process.exit(1);
});
process.on("SIGTERM", () => client.destroy(() => process.exit(0)));

let said;
setInterval(() => {
  const count = torrent.pieces?.length ?? 0;
  const pieces = Array.from({ length: count }, (_, piece) => (torrent.bitfield?.get(piece) ? "1" : "0")).join("");
  if (pieces === said) return;
  said = pieces;
  console.log(JSON.stringify({ pieces }));
}, LOOK_MS);
