/** The part of the package that the tests use; it comes without types. */
declare module "bittorrent-protocol" {
  import type { EventEmitter } from "node:events";

  /** An extension of BEP 10; its prototype has the `name`. */
  export interface WireExtension {
    onHandshake?(): void;
    onExtendedHandshake?(handshake: Record<string, unknown>): void;
    onMessage?(message: Uint8Array): void;
  }

  export type WireExtensionClass = new (wire: Wire) => WireExtension;

  /** One side of the peer wire as a duplex byte stream: "data" is what it sends, `write` what it receives. */
  export default class Wire extends EventEmitter {
    constructor(type?: string);
    readonly peerId: string | null;
    readonly peerChoking: boolean;
    readonly peerPieces: { get(piece: number): boolean };
    readonly peerExtendedHandshake: Record<string, unknown>;
    readonly extendedHandshake: Record<string, unknown>;
    readonly hasFast: boolean;
    readonly destroyed: boolean;
    use(extension: WireExtensionClass): void;
    handshake(infoHash: string, peerId: string, extensions?: { dht?: boolean; fast?: boolean }): void;
    bitfield(bitfield: Uint8Array): void;
    haveAll(): void;
    interested(): void;
    unchoke(): void;
    request(
      piece: number,
      offset: number,
      length: number,
      done: (error: Error | null, block: Uint8Array | null) => void,
    ): void;
    extended(extension: number | string, payload: Uint8Array): void;
    write(bytes: Uint8Array): boolean;
    destroy(): void;
  }
}
