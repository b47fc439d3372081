/** The part of the package that the tests use; it comes without types. */
declare module "webtorrent" {
  import { EventEmitter } from "node:events";

  export interface Torrent extends EventEmitter {
    addPeer(address: string): boolean;
  }

  export default class WebTorrent extends EventEmitter {
    constructor(options: Readonly<Record<string, boolean | number>>);
    /** 0 before "listening". */
    readonly torrentPort: number;
    add(torrent: Uint8Array, options: { path: string; skipVerify?: boolean }): Torrent;
    destroy(done?: () => void): void;
  }
}
