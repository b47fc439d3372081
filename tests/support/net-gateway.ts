import { createServer, request } from "node:http";

/**
 * Run by `TestNetwork` inside its network: an HTTP proxy that listens on a Unix socket, which has no network namespace,
 * so that a test outside can ask what listens inside. Argument: the path of the socket. Ends with its input.
 */
function main(path: string): void {
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
  process.stdin.resume().on("end", () => process.exit());
}

main(process.argv[2] ?? "");
