/** The part of the package that the tests use; it comes without types. */
declare module "bittorrent-tracker" {
  import type { EventEmitter } from "node:events";

  /** A reply as the client passes it on. */
  export interface ClientUpdate {
    readonly announce: string;
    readonly infoHash: string;
    readonly complete: number;
    readonly incomplete: number;
    readonly downloaded?: number;
  }

  /** What a WebRTC library has to look like for the client. */
  export interface SignallingPeer extends EventEmitter {
    id?: string;
    signal(description: unknown): void;
    destroy(): void;
  }

  /** One announce URL of a client, over WebSocket. */
  export interface WebSocketTracker {
    _createPeer(options?: { initiator?: boolean }): SignallingPeer;
  }

  export class Client extends EventEmitter {
    constructor(options: {
      infoHash: string;
      peerId: string;
      announce: readonly string[];
      port: number;
      wrtc?: unknown;
      getAnnounceOpts?: () => Record<string, unknown>;
    });
    readonly _trackers: readonly WebSocketTracker[];
    start(options?: { left?: number; numwant?: number }): void;
    update(options?: { left?: number; numwant?: number }): void;
    complete(options?: Record<string, unknown>): void;
    stop(options?: Record<string, unknown>): void;
    scrape(): void;
    destroy(done?: () => void): void;
  }

  /** A tracker for HTTP, UDP and WebSocket; what is `false` is not started. */
  export class Server extends EventEmitter {
    constructor(options: { http?: boolean; udp?: boolean; ws?: boolean; stats?: boolean; interval?: number });
    readonly http: { address(): unknown };
    readonly udp4: { address(): unknown };
    readonly udp6: { address(): unknown };
    listen(port: number, host: string | { http: string; udp: string; udp6: string }, onListening: () => void): void;
    close(done?: () => void): void;
  }

  export default Client;
}

/** What the benchmark uses of the server. */
declare module "bittorrent-tracker/server" {
  import type { AddressInfo } from "node:net";

  export default class Server {
    readonly ws: { address(): AddressInfo };
    constructor(options: { http: boolean; udp: boolean; ws: boolean; stats: boolean });
    listen(port: number, host: string, done: () => void): void;
    close(done: () => void): void;
  }
}
