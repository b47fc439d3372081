import { createServer, request } from "node:http";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** How soon the system is asked again for its addresses. */
const LOOK_AGAIN_MS = 20;

/** A device that is not up by then never will be. */
const ADDRESS_LIMIT_MS = 30_000;

/**
 * Run by `TestNetwork` inside its network: an HTTP proxy that listens on a Unix socket, which has no network namespace,
 * so that a test outside can ask what listens inside. Arguments: the path of the socket; an address of this machine, which
 * a device that has just been set up comes by half a second later. Ends with its input.
 */
async function main(path: string, address: string): Promise<void> {
  process.stdin.resume().on("end", () => process.exit());
  const from = performance.now();
  while (!ownAddresses().includes(address)) {
    if (performance.now() - from > ADDRESS_LIMIT_MS) throw new Error(`${address} is no address of this machine`);
    await sleep(LOOK_AGAIN_MS);
  }
  const server = createServer((asked, answer) => {
    const onward = request(asked.url ?? "", { method: asked.method, headers: asked.headers, agent: false }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    onward.on("error", (error) => {
      if (!answer.headersSent) answer.writeHead(502);
      answer.end(error.message);
    });
    asked.pipe(onward);
  });
  server.listen(path, () => process.stdout.write("listening\n"));
}

/** As whoever starts here is told them. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((found = []) => found.map(({ address }) => address));
}

const [, , path = "", address = ""] = process.argv;
await main(path, address);
