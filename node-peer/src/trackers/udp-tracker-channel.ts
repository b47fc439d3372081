import { lookup } from "node:dns/promises";
import {
  ShoalError,
  type AnnounceReply,
  type AnnounceRequest,
  type InfoHash,
  type ScrapeReply,
  type TrackerChannel,
} from "@shoal/peer-core";
import { OpenRequests } from "./open-requests.js";
import { trackerLabel } from "./tracker-label.js";
import { LONGEST_RETRY_MS } from "./tracker-patience.js";
import { refusal } from "./tracker-refusal.js";
import { UdpLine, type UdpLineTools } from "./udp-line.js";
import {
  ACTION,
  encodeUdpAnnounce,
  encodeUdpConnect,
  encodeUdpScrape,
  parseUdpAnnounceReply,
  parseUdpConnectReply,
  parseUdpHeader,
  parseUdpScrapeReply,
  REPLY_HEADER_BYTES,
} from "./udp-packets.js";

/** A connection id is good for so long (BEP 15). */
const CONNECTION_MS = 60_000;
/** Packets sent for one request. */
const TRIES = 3;
/** Looking the name up, a connection id and the request itself, each with all its tries. */
const REPLY_TIMEOUT_MS = 60_000;

/** A line with the connection id that the tracker gave us for it. */
interface Connection {
  readonly line: UdpLine;
  readonly id: bigint;
  readonly since: number;
}

interface Question<T> {
  readonly action: number;
  readonly encode: (connection: bigint, transaction: number) => Uint8Array;
  readonly parse: (packet: Buffer, family: 4 | 6) => T;
}

/** The tracker at `url` (udp://HOST:PORT) by BEP 15; it knows no held pieces and tells nothing unasked. */
export function createUdpTrackerChannel(url: string, tools: UdpLineTools): TrackerChannel {
  return new UdpTrackerChannel(url, tools);
}

class UdpTrackerChannel implements TrackerChannel {
  readonly url: string;
  readonly longestRetryMs = LONGEST_RETRY_MS;
  readonly #tools: UdpLineTools;
  readonly #target: URL;
  readonly #key: number;
  readonly #requests: OpenRequests;
  readonly #closing = new AbortController();
  #connection: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  #address: string | undefined;
  /** Where to begin in the list of addresses: elsewhere after a failure. */
  #firstAddress = 0;

  constructor(url: string, tools: UdpLineTools) {
    this.url = url;
    this.#tools = tools;
    this.#target = new URL(url);
    this.#key = Buffer.from(tools.random.bytes(4)).readUInt32BE(0);
    this.#requests = new OpenRequests(trackerLabel(url));
  }

  get address(): string | undefined {
    return this.#address;
  }

  async announce(request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceReply> {
    const announce = { request, key: this.#key, path: urlData(this.#target) };
    const question: Question<AnnounceReply> = {
      action: ACTION.announce,
      encode: (connection, transaction) => encodeUdpAnnounce(connection, transaction, announce),
      parse: parseUdpAnnounceReply,
    };
    const reply = await this.#ask(question, signal);
    return { ...reply, peers: reply.peers.slice(0, request.numWant) };
  }

  async scrape(infoHash: InfoHash, signal: AbortSignal): Promise<ScrapeReply> {
    const question: Question<ScrapeReply> = {
      action: ACTION.scrape,
      encode: (connection, transaction) => encodeUdpScrape(connection, transaction, infoHash),
      parse: parseUdpScrapeReply,
    };
    return await this.#ask(question, signal);
  }

  have(): void {
    // Other people's trackers keep no record of pieces.
  }

  watch(): () => void {
    return () => undefined;
  }

  async close(): Promise<void> {
    await this.#requests.close();
    this.#closing.abort();
    this.#drop(this.#connection);
  }

  async #ask<T>(question: Question<T>, signal: AbortSignal): Promise<T> {
    return await this.#requests.run(signal, REPLY_TIMEOUT_MS, async (ending) => {
      const used = this.#connection;
      const connection = await this.#connected(ending);
      try {
        const packet = await this.#exchange(question, connection, ending);
        if (!isRefusal(packet)) return question.parse(packet, connection.line.family);
        if (connection !== used) throw refusal(packet.subarray(REPLY_HEADER_BYTES));
      } catch (error) {
        if (!ending.aborted) this.#drop(connection);
        throw error;
      }
      // It may have forgotten the connection id, however it says so: once more with a new one.
      this.#drop(connection);
      const renewed = await this.#connected(ending);
      const packet = await this.#exchange(question, renewed, ending);
      if (isRefusal(packet)) throw refusal(packet.subarray(REPLY_HEADER_BYTES));
      return question.parse(packet, renewed.line.family);
    });
  }

  async #exchange<T>(question: Question<T>, { line, id }: Connection, signal: AbortSignal): Promise<Buffer> {
    const { action, encode } = question;
    return await line.ask({ action, encode: (transaction) => encode(id, transaction), tries: TRIES }, signal);
  }

  /** A connection that may still be used, made if there is none; it is made once for all who wait. */
  async #connected(signal: AbortSignal): Promise<Connection> {
    const { clock } = this.#tools;
    if (this.#connection !== undefined && clock.now() - this.#connection.since < CONNECTION_MS) return this.#connection;
    this.#drop(this.#connection);
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return await orAborted(this.#connecting, signal);
  }

  async #connect(): Promise<Connection> {
    const addresses = await this.#lookUp();
    let failure: unknown;
    for (const [index, address] of addresses.entries()) {
      try {
        const tries = index === addresses.length - 1 ? TRIES : 1;
        this.#connection = await this.#connectTo(address, tries);
        this.#address = address;
        return this.#connection;
      } catch (error) {
        failure = error;
      }
    }
    this.#firstAddress++;
    throw failure;
  }

  async #connectTo(address: string, tries: number): Promise<Connection> {
    const line = await UdpLine.open(address, Number(this.#target.port), this.#tools);
    try {
      const question = { action: ACTION.connect, encode: encodeUdpConnect, tries };
      const packet = await line.ask(question, this.#closing.signal);
      if (isRefusal(packet)) throw refusal(packet.subarray(REPLY_HEADER_BYTES));
      return { line, id: parseUdpConnectReply(packet), since: this.#tools.clock.now() };
    } catch (error) {
      line.retire();
      throw error;
    }
  }

  /** One address of each family: a network may have a way to one of them only. */
  async #lookUp(): Promise<readonly string[]> {
    const found = await lookup(this.#target.hostname.replace(/^\[|\]$/g, ""), { all: true });
    const first = found.slice(0, 1);
    const other = found.filter(({ family }) => family !== first[0]?.family).slice(0, 1);
    const addresses = [...first, ...other].map(({ address }) => address);
    return this.#firstAddress % 2 === 0 ? addresses : addresses.reverse();
  }

  #drop(connection: Connection | undefined): void {
    connection?.line.retire();
    if (this.#connection === connection) this.#connection = undefined;
  }
}

/** What is worth telling the tracker of its URL (BEP 41): some carry a pass key there. */
function urlData({ pathname, search }: URL): string {
  return search === "" && ["", "/", "/announce"].includes(pathname) ? "" : `${pathname}${search}`;
}

function isRefusal(packet: Buffer): boolean {
  return parseUdpHeader(packet)?.action === ACTION.error;
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: () => void = () => undefined;
  const abort = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(new ShoalError("aborted", "The announce was given up"));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([promise, abort]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
