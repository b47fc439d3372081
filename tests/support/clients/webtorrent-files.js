// Reads and makes .torrent files and magnets with WebTorrent's own libraries; prints one line of JSON.
//   read FILE_OR_MAGNET
//   make PATH ANNOUNCE OUTPUT
import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import createTorrent from "create-torrent";
import parseTorrent, { toMagnetURI } from "parse-torrent";

async function read(source) {
  const torrent = await parseTorrent(source.startsWith("magnet:") ? source : await readFile(source));
  const { infoHash, name, files = [], announce: trackers } = torrent;
  const magnet = toMagnetURI(torrent);
  return { infoHash, name, files: files.map(({ path, length }) => [path, length]), trackers, magnet };
}

async function make(path, announce, output) {
  await writeFile(output, await promisify(createTorrent)(path, { announceList: [[announce]], pieceLength: 32_768 }));
  return await read(output);
}

const [command, ...args] = process.argv.slice(2);
console.log(JSON.stringify(command === "read" ? await read(...args) : await make(...args)));
