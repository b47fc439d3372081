import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { bytesOf, decodeBencode, dictOf, intOf, type BencodeDict } from "@shoal/peer-core/torrent";

/** One packet that came to a `UdpTracker`, taken apart as BEP 15 says. */
export interface UdpRequest {
  /** Connection id, or the protocol's magic number in a connect. */
  readonly connection: bigint;
  readonly action: number;
  readonly transaction: number;
  readonly packet: Buffer;
  readonly from: RemoteInfo;
}

/** Packets to send back; they are sent in order. */
export type UdpAnswer = (request: UdpRequest) => readonly Buffer[] | Promise<readonly Buffer[]>;

/** A UDP socket that answers as a script says: a tracker, or something worse. */
export class UdpTracker {
  readonly asked: UdpRequest[] = [];
  readonly #socket: Socket;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: Socket, answer: UdpAnswer) {
    this.#socket = socket;
    socket.on("message", (packet, from) => {
      const [connection, action, transaction] = [
        packet.readBigUInt64BE(0),
        packet.readUInt32BE(8),
        packet.readUInt32BE(12),
      ];
      const request = { connection, action, transaction, packet, from };
      this.asked.push(request);
      for (const wake of [...this.#waiting]) wake();
      void Promise.resolve(answer(request)).then((packets) => {
        for (const each of packets) socket.send(each, from.port, from.address);
      });
    });
  }

  static async start(answer: UdpAnswer): Promise<UdpTracker> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new UdpTracker(socket, answer);
  }

  get url(): string {
    return `udp://127.0.0.1:${this.#socket.address().port}`;
  }

  /** Resolves when `count` packets have come in all. */
  async hears(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (this.asked.length < count) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  close(): void {
    this.#socket.close();
  }
}

export const CONNECTION_ID = 0x1122334455667788n;

/** The answer to a connect. */
export function connected({ transaction }: UdpRequest, connection = CONNECTION_ID): Buffer {
  const packet = Buffer.alloc(16);
  packet.writeUInt32BE(transaction, 4);
  packet.writeBigUInt64BE(connection, 8);
  return packet;
}

/** The answer to an announce: three counts, and peers of 6 bytes. */
export function announced({ transaction }: UdpRequest, counts: readonly number[], peers: Uint8Array): Buffer {
  return Buffer.concat([numbers(1, transaction, ...counts), peers]);
}

/** The answer that refuses. */
export function refused({ transaction }: UdpRequest, message: string): Buffer {
  return Buffer.concat([numbers(3, transaction), Buffer.from(message)]);
}

/** Carries UDP requests to an HTTP tracker and its replies back, so that a tracker without UDP can be asked over it. */
export function gatewayTo(httpTracker: string): UdpAnswer {
  return async (request) => {
    if (request.action === 0) return [connected(request)];
    const isAnnounce = request.action === 1;
    const url = isAnnounce ? announceUrl(httpTracker, request.packet) : scrapeUrl(httpTracker, request.packet);
    const reply = dictOf(decodeBencode(Buffer.from(await (await fetch(url)).arrayBuffer())));
    if (reply === undefined || reply.has("failure reason")) return [refused(request, "no")];
    if (isAnnounce) {
      const counts = ["interval", "incomplete", "complete"].map((key) => intOf(reply, key) ?? 0);
      return [announced(request, counts, bytesOf(reply, "peers") ?? new Uint8Array())];
    }
    const [file] = dictOf(reply.get("files"))?.values() ?? [];
    const counts: BencodeDict = dictOf(file) ?? new Map();
    const told = ["complete", "downloaded", "incomplete"].map((key) => intOf(counts, key) ?? 0);
    return [numbers(2, request.transaction, ...told)];
  };
}

function announceUrl(tracker: string, packet: Buffer): string {
  const event = ["", "completed", "started", "stopped"][packet.readUInt32BE(80)] ?? "";
  const fields = {
    info_hash: escaped(packet.subarray(16, 36)),
    peer_id: escaped(packet.subarray(36, 56)),
    downloaded: packet.readBigUInt64BE(56),
    left: packet.readBigUInt64BE(64),
    uploaded: packet.readBigUInt64BE(72),
    event,
    numwant: packet.readInt32BE(92),
    port: packet.readUInt16BE(96),
    compact: 1,
  };
  return `${tracker}?${Object.entries(fields)
    .map(([key, value]) => `${key}=${value}`)
    .join("&")}`;
}

function scrapeUrl(tracker: string, packet: Buffer): string {
  return `${tracker.replace(/announce$/, "scrape")}?info_hash=${escaped(packet.subarray(16, 36))}`;
}

function escaped(bytes: Buffer): string {
  return bytes.toString("hex").replaceAll(/../g, "%$&");
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}
