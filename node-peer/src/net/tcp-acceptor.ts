import type { Socket } from "node:net";
import type { AcceptedLinks } from "./accepted-links.js";
import { isLoopbackAddress, plainAddress } from "./client-address.js";
import { TcpConnection } from "./tcp-connection.js";
import { prepareSocket } from "./tcp-socket.js";

/** Takes in a peer that has opened a plain TCP connection, which is paused, or drops it where there is no room. */
export function acceptTcpPeer(socket: Socket, links: AcceptedLinks): void {
  const address = plainAddress(socket.remoteAddress ?? "");
  // Who has reset by now has no address any more, though what it sent can still be read.
  const ticket = address === "" ? "gone" : links.admit({ address, isLocal: isLoopbackAddress(address) });
  if (typeof ticket === "string") {
    // BitTorrent has no word for this: who gets it tries others.
    socket.destroy();
    return;
  }
  socket.once("close", ticket.release);
  prepareSocket(socket);
  const connection = new TcpConnection(socket, { label: address, remoteAddress: address });
  links.add(connection, { socket, dataEvent: "data" }, ticket);
}
