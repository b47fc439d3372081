/** One tab of WebTorrent as its documentation has it: shares what is picked, or gets a torrent. */
// Laid beside this file by the server.
const { default: WebTorrent } = await import(new URL("webtorrent.min.js", location.href).href);

const client = new WebTorrent();
let got;

/** Shares the file that was picked; resolves to its torrent file in base64 once it is seeded. */
globalThis.share = (tracker) =>
  new Promise((resolve) => {
    client.seed(document.querySelector("input").files[0], { announce: [tracker] }, ({ torrentFile }) =>
      resolve(btoa(Array.from(torrentFile, (byte) => String.fromCharCode(byte)).join(""))),
    );
  });

/** Resolves once all of it is here. */
globalThis.get = (torrent) =>
  new Promise((resolve) => {
    got = client.add(Uint8Array.from(atob(torrent), (character) => character.charCodeAt(0)));
    got.on("done", () => resolve());
  });

/** What has come, to be looked at part by part. */
globalThis.parts = () => got.files[0][Symbol.asyncIterator]();

globalThis.isReady = true;
