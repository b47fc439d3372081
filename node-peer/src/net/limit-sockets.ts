import type { Server, Socket } from "node:net";
import { addressGroup, isLoopbackAddress, plainAddress } from "./client-address.js";

/** TCP connections in all: the links a peer serves, and as many that are about to become one or to be refused. */
const MAX_SOCKETS = 4_000;

/** TCP connections of one address (IPv6: one /64): its links, and a few that are about to be refused in words. */
const MAX_SOCKETS_PER_ADDRESS = 300;

export interface SocketLimits {
  readonly total?: number | undefined;
  readonly perAddress?: number | undefined;
  /** Addresses held to the total only; this machine's when left out. */
  readonly isExempt?: ((address: string) => boolean) | undefined;
}

/**
 * Drops TCP connections beyond the limits before a byte of them is read, so that one machine with sockets that say
 * nothing cannot keep others out. What comes from this machine is a proxy or a friend, and held to the total only.
 */
export function limitSockets(server: Server, limits: SocketLimits = {}): void {
  const perAddress = limits.perAddress ?? MAX_SOCKETS_PER_ADDRESS;
  const isExempt = limits.isExempt ?? isLoopbackAddress;
  const open = new Map<string, number>();
  server.maxConnections = limits.total ?? MAX_SOCKETS;
  server.on("connection", (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? "");
    if (isExempt(address)) return;
    const group = addressGroup(address);
    const count = (open.get(group) ?? 0) + 1;
    if (count > perAddress) {
      socket.destroy();
      return;
    }
    open.set(group, count);
    socket.once("close", () => {
      const left = (open.get(group) ?? 1) - 1;
      if (left > 0) open.set(group, left);
      else open.delete(group);
    });
  });
}
