import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { canonicalIp } from "./address.js";
import { CHECK_TIMEOUT_MS } from "./limits.js";

/** The network as an endpoint check needs it. None of the calls takes longer than the check's time limit, or sends content. */
export interface EndpointDialer {
  /** All addresses of a host name, or the address itself; rejects when it has none. */
  resolve(host: string): Promise<readonly string[]>;
  /** True when a TCP connection to `ip` opens. */
  canConnect(ip: string, port: number): Promise<boolean>;
  /** True when a WebSocket to `url` opens at exactly `ip`, without following redirects. */
  canUpgrade(url: string, ip: string): Promise<boolean>;
}

/** Dials for real. Every connection is closed as soon as it has opened. */
export const networkDialer: EndpointDialer = {
  async resolve(host) {
    const ip = canonicalIp(host);
    if (ip !== undefined) return [ip];
    return (await lookup(host, { all: true })).map(({ address }) => address);
  },

  canConnect(ip, port) {
    return new Promise((resolve) => {
      const socket = connect({ host: ip, port, timeout: CHECK_TIMEOUT_MS });
      const settle = (isOpen: boolean): void => {
        socket.destroy();
        resolve(isOpen);
      };
      socket.once("connect", () => settle(true));
      socket.once("timeout", () => settle(false));
      // Stays on: a reset may still come after the connection opened.
      socket.on("error", () => settle(false));
    });
  },

  async canUpgrade(url, ip) {
    // Loaded when first needed: most peers announce a port.
    const { WebSocket } = await import("ws");
    return new Promise((resolve) => {
      const socket = new WebSocket(url, "bittorrent", {
        handshakeTimeout: CHECK_TIMEOUT_MS,
        followRedirects: false,
        perMessageDeflate: false,
        maxPayload: 1024,
        // The address was judged already; asking the name server again could give another one.
        lookup: (_host, options, done) => {
          const family = ip.includes(":") ? 6 : 4;
          if (options.all === true) done(null, [{ address: ip, family }]);
          else done(null, ip, family);
        },
      });
      socket.once("open", () => {
        resolve(true);
        socket.terminate();
      });
      socket.on("error", () => resolve(false));
      socket.once("close", () => resolve(false));
    });
  },
};
