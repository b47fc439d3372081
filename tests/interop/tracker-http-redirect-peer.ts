/** Run by a test in a network with a public address, its argument: announces to trackers there, and prints what came of it. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createCryptoRandom } from "@shoal/peer-core/platform";
import { infoHashFromBytes, peerIdFromBytes } from "@shoal/peer-core/torrent";
import { createHttpTrackerChannel } from "../../node-peer/src/trackers/http-tracker-channel.js";

const publicHost = process.argv[2] ?? "";
const never = new AbortController().signal;
const request = {
  infoHash: infoHashFromBytes(new Uint8Array(20)),
  peerId: peerIdFromBytes(new Uint8Array(20)),
  uploaded: 0,
  downloaded: 0,
  left: 1,
  numWant: 50,
};

async function serve(host: string, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  server.listen(0, host);
  await once(server, "listening");
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

let privateRequests = 0;
const home = await serve("127.0.0.1", (_asked, response) => {
  privateRequests++;
  response.end("d8:intervali66ee");
});
const targets: Readonly<Record<string, string>> = {
  "/announce-home": `${home}/announce`,
  "/announce-localhost": `${home.replace("127.0.0.1", "localhost")}/announce`,
  "/announce-there": "/free",
};
const there = await serve(publicHost, (asked, response) => {
  const target = targets[new URL(asked.url ?? "", home).pathname];
  if (target === undefined) response.end("d8:intervali77ee");
  else response.writeHead(302, { Location: target }).end();
});

for (const path of Object.keys(targets)) {
  const channel = createHttpTrackerChannel(`${there}${path}`, {
    random: createCryptoRandom(),
    userAgent: "Shoal/test",
  });
  const said = await channel.announce(request, never).then(
    ({ intervalSeconds }) => `interval ${intervalSeconds}, ${String(channel.address)}`,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  process.stdout.write(`${path}: ${said}\n`);
}
process.stdout.write(`private requests: ${privateRequests}\n`);
process.exit();
