import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A stretch of the way that a test can break. */
export interface TcpTunnel {
  readonly port: number;
  /** Ends every connection that goes through it, without a word of the protocol inside. */
  cut(): void;
  close(): Promise<void>;
}

/** Passes TCP connections on to a port of this machine. */
export async function openTcpTunnel(targetPort: number): Promise<TcpTunnel> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    const far = connect(targetPort, "127.0.0.1");
    keep(near);
    keep(far);
    near.setNoDelay(true);
    far.setNoDelay(true);
    near.pipe(far);
    far.pipe(near);
    near.on("close", (hadError) => end(far, hadError));
    far.on("close", (hadError) => end(near, hadError));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      cut();
      await closed;
    },
  };
}

/** Passes an end on as what it was: orderly, or a loss. */
function end(socket: Socket, isLoss: boolean): void {
  if (isLoss) socket.resetAndDestroy();
  else socket.destroy();
}
