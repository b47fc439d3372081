import type { AddressInfo, Server } from "node:net";
import { messageOf, ShoalError } from "@shoal/peer-core";

export interface ListenPlace {
  /** 0 takes a free one. */
  readonly port: number;
  /** The address to listen on; all of them when left out. */
  readonly host?: string | undefined;
}

/** Makes a server listen and resolves to its port. Rejects with ShoalError("connection") when it cannot be had. */
export function listenOn(server: Server, { port, host }: ListenPlace): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, port)));
    server.listen({ port, host }, () => {
      server.removeAllListeners("error");
      server.on("error", () => undefined);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function listenError(error: NodeJS.ErrnoException, port: number): ShoalError {
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} is taken: stop what listens there or choose another port (0: any free one)`,
    EACCES: `Port ${port} may not be used by this user: choose one above 1023`,
    EADDRNOTAVAIL: "This machine does not have the address to listen on",
  };
  const message = reasons[error.code ?? ""] ?? `Cannot listen on port ${port}: ${messageOf(error)}`;
  return new ShoalError("connection", message, { cause: error });
}
