/** What a browser can do without peers: fetches a file and, if asked to, hashes its pieces and keeps them in OPFS. */

/** Pieces hashed while others come. */
const MOST_HASHING = 4;

globalThis.onmessage = ({ data: { url, pieceLength, isKept } }) => {
  (isKept ? keep(url, pieceLength) : look(url)).then((bytes) => globalThis.postMessage({ bytes }));
};

async function look(url) {
  let bytes = 0;
  for (const reader = await open(url); ;) {
    const { done, value } = await reader.read();
    if (done) return bytes;
    bytes += value.length;
  }
}

async function keep(url, pieceLength) {
  const folder = await navigator.storage.getDirectory();
  const file = await (await folder.getFileHandle("got", { create: true })).createSyncAccessHandle();
  const reader = await open(url);
  const hashing = new Set();
  let position = 0;
  let piece = new Uint8Array(pieceLength);
  let filled = 0;
  const finish = async () => {
    const [bytes, at] = [piece.subarray(0, filled), position];
    position += filled;
    piece = new Uint8Array(pieceLength);
    filled = 0;
    const task = crypto.subtle.digest("SHA-1", bytes).then(() => {
      file.write(bytes, { at });
      hashing.delete(task);
    });
    hashing.add(task);
    if (hashing.size >= MOST_HASHING) await Promise.race(hashing);
  };
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    for (let from = 0; from < value.length;) {
      const part = value.subarray(from, from + pieceLength - filled);
      piece.set(part, filled);
      filled += part.length;
      from += part.length;
      if (filled === pieceLength) await finish();
    }
  }
  if (filled > 0) await finish();
  await Promise.all(hashing);
  file.flush();
  file.close();
  return position;
}

async function open(url) {
  return (await fetch(url, { cache: "no-store" })).body.getReader();
}
