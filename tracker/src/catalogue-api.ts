import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isShoalError } from "@shoal/peer-core/announce";
import type { InfoHash } from "@shoal/peer-core/announce";
import { encodeTorrentFile, parseInfo, parseInfoHash, parseTorrentFile, rawValueOf } from "@shoal/peer-core/torrent";
import type { Metainfo } from "@shoal/peer-core/torrent";
import type { ClientAddress } from "./address.js";
import { announceUrls } from "./announce-urls.js";
import { entryJson, entryOf, filesJson } from "./catalogue-json.js";
import type { Catalogue, CatalogueEntry } from "./catalogue.js";
import { HttpError, readBody, reply, replyJson } from "./http-reply.js";
import { MAX_METAINFO_BYTES, MAX_PAGE, MAX_SEARCH_LENGTH } from "./limits.js";
import { countPieces, holdersOf } from "./piece-holders.js";
import type { PublishQuota } from "./publish-quota.js";
import type { SwarmRegistry } from "./swarm-registry.js";
import { UploadBudget } from "./upload-budget.js";

export interface CatalogueApiParts {
  readonly catalogue: Catalogue;
  readonly registry: SwarmRegistry;
  readonly quota: PublishQuota;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly publicUrl: string | undefined;
  readonly createdBy: string;
}

/** A request whose path ends in /api/torrents…, taken apart. */
export interface CatalogueRoute {
  /** What stands before /api/torrents, where this tracker is mounted. */
  readonly mount: string;
  readonly infoHash: InfoHash | undefined;
  readonly part: "entry" | "torrent" | "pieces";
  readonly piece: number | undefined;
}

export interface CatalogueRequest {
  readonly url: URL;
  readonly route: CatalogueRoute;
  readonly from: ClientAddress;
}

/** Types that a foreign page cannot send without asking first, so nobody publishes from a visitor's address. */
const UPLOAD_TYPES = new Set(["application/x-bittorrent", "application/octet-stream"]);

const hasher = {
  sha1: (bytes: Uint8Array): Promise<Uint8Array> => Promise.resolve(createHash("sha1").update(bytes).digest()),
};

/** The route of a path; undefined when it is not the catalogue's. */
export function catalogueRoute(path: string): CatalogueRoute | undefined {
  const found = /^(.*)\/api\/torrents(?:\/([0-9a-f]{40})(\.torrent|\/pieces(?:\/(\d{1,7}))?)?)?$/i.exec(path);
  if (found === null) return undefined;
  const [, mount = "", hash, suffix, piece] = found;
  const part = suffix === undefined ? "entry" : suffix.toLowerCase() === ".torrent" ? "torrent" : "pieces";
  return { mount, infoHash: parseInfoHash(hash ?? ""), part, piece: piece === undefined ? undefined : Number(piece) };
}

/** Publishes, finds and withdraws shares over HTTP: docs/tracker-api.md. */
export class CatalogueApi {
  readonly #parts: CatalogueApiParts;
  readonly #uploads = new UploadBudget();

  constructor(parts: CatalogueApiParts) {
    this.#parts = parts;
  }

  /** Answers a request; rejects with HttpError for what is refused. */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    { url, route, from }: CatalogueRequest,
  ): Promise<void> {
    const method = request.method ?? "";
    if (method === "OPTIONS") {
      allowReading(response);
      return;
    }
    if (route.infoHash === undefined) {
      if (method === "POST") return this.#publish(request, response, url, from);
      if (isReading(method)) return this.#list(response, url);
    } else {
      if (isReading(method)) return this.#read(request, response, route, route.infoHash);
      if (method === "DELETE" && route.part === "entry") return this.#withdraw(request, response, route.infoHash);
    }
    throw new HttpError(405, "method", `${method} is not possible here`);
  }

  async #publish(request: IncomingMessage, response: ServerResponse, url: URL, from: ClientAddress): Promise<void> {
    const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    if (!UPLOAD_TYPES.has(type))
      throw new HttpError(415, "type", `Expected Content-Type application/x-bittorrent, not ${type}`);
    const answer = await this.#uploads.use(from, async (claim) => {
      const metainfo = await parseMetainfo(await readBody(request, MAX_METAINFO_BYTES, claim));
      return this.#add(metainfo, url.searchParams.get("searchable") !== "0", from);
    });
    if (answer === undefined)
      throw new HttpError(503, "busy", "Too many shares are being published from here, try again");
    replyJson(response, answer.ownerToken === undefined ? 200 : 201, answer);
  }

  async #add(metainfo: Metainfo, isSearchable: boolean, from: ClientAddress): Promise<Record<string, unknown>> {
    const { catalogue, quota, now } = this.#parts;
    const answer = { infoHash: metainfo.infoHash, name: metainfo.name, size: metainfo.length };
    const isNew = (await catalogue.find(metainfo.infoHash)) === undefined;
    if (isNew && !quota.has(from, now()))
      throw new HttpError(429, "quota", "Too many new shares from this address today");
    const ownerToken = randomBytes(32).toString("base64url");
    const content = { infoBytes: metainfo.infoBytes, ownerDigest: digestOf(ownerToken).toString("hex") };
    const outcome = await catalogue.add(entryOf(metainfo, isSearchable, now()), content);
    if (outcome === "full") throw new HttpError(507, "full", "The catalogue is full");
    if (outcome === "exists") return answer;
    quota.spend(from, now());
    return { ...answer, ownerToken };
  }

  async #list(response: ServerResponse, url: URL): Promise<void> {
    const text = url.searchParams.get("q") ?? "";
    if (text.length > MAX_SEARCH_LENGTH)
      throw new HttpError(400, "query", `A search has at most ${MAX_SEARCH_LENGTH} characters`);
    const words = text
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    const name = url.searchParams.get("name") ?? undefined;
    const cursor = url.searchParams.get("cursor") ?? undefined;
    const limit = Math.min(Math.max(Number(url.searchParams.get("limit") ?? MAX_PAGE) || MAX_PAGE, 1), MAX_PAGE);
    const page = await this.#parts.catalogue.search({ words, name, cursor, limit });
    allowAnyOrigin(response);
    replyJson(response, 200, {
      torrents: page.entries.map((entry) => entryJson(entry, this.#parts.registry)),
      cursor: page.cursor ?? null,
    });
  }

  async #read(
    request: IncomingMessage,
    response: ServerResponse,
    route: CatalogueRoute,
    infoHash: InfoHash,
  ): Promise<void> {
    const { catalogue, registry } = this.#parts;
    allowAnyOrigin(response);
    const entry = await catalogue.find(infoHash);
    if (entry === undefined) throw notFound(infoHash);
    if (route.part === "pieces") {
      this.#readPieces(response, route, entry);
      return;
    }
    const metainfo = await this.#metainfo(infoHash);
    if (route.part === "entry") {
      replyJson(response, 200, { ...entryJson(entry, registry), ...filesJson(metainfo) });
      return;
    }
    const trackers = announceUrls(request, route.mount, this.#parts.publicUrl);
    const creationDate = Math.floor(entry.addedAt / 1000);
    const bytes = encodeTorrentFile(metainfo, [trackers], { createdBy: this.#parts.createdBy, creationDate });
    response.setHeader("Content-Disposition", `attachment; filename="${infoHash}.torrent"`);
    reply(response, 200, "application/x-bittorrent", bytes);
  }

  #readPieces(response: ServerResponse, { piece }: CatalogueRoute, { infoHash, pieceCount }: CatalogueEntry): void {
    const { registry } = this.#parts;
    if (piece === undefined) {
      replyJson(response, 200, { pieceCount, ...countPieces(registry, infoHash, pieceCount) });
      return;
    }
    if (piece >= pieceCount) throw new HttpError(404, "not-found", `There are ${pieceCount} pieces`);
    replyJson(response, 200, { piece, ...holdersOf(registry, infoHash, piece) });
  }

  async #withdraw(request: IncomingMessage, response: ServerResponse, infoHash: InfoHash): Promise<void> {
    const token = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) throw new HttpError(401, "token", "Expected Authorization: Bearer OWNER-TOKEN");
    const content = await this.#parts.catalogue.content(infoHash);
    if (content === undefined) throw notFound(infoHash);
    if (!timingSafeEqual(digestOf(token), Buffer.from(content.ownerDigest, "hex"))) {
      throw new HttpError(403, "token", "This is not the owner's token");
    }
    await this.#parts.catalogue.remove(infoHash);
    response.statusCode = 204;
    response.end();
  }

  async #metainfo(infoHash: InfoHash): Promise<Metainfo> {
    const content = await this.#parts.catalogue.content(infoHash);
    if (content === undefined) throw notFound(infoHash);
    return parseInfo(content.infoBytes, hasher);
  }
}

async function parseMetainfo(bytes: Uint8Array): Promise<Metainfo> {
  try {
    const isTorrent = rawValueOf(bytes, "info") !== undefined;
    return await (isTorrent ? (await parseTorrentFile(bytes, hasher)).metainfo : parseInfo(bytes, hasher));
  } catch (error) {
    if (!isShoalError(error)) throw error;
    throw new HttpError(400, "metainfo", error.message);
  }
}

function notFound(infoHash: InfoHash): HttpError {
  return new HttpError(404, "not-found", `No share ${infoHash} here`);
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function isReading(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** Pages of other hubs may read: there are no cookies, so nothing is told that anybody could not ask for. */
function allowAnyOrigin(response: ServerResponse): void {
  response.setHeader("Access-Control-Allow-Origin", "*");
}

function allowReading(response: ServerResponse): void {
  allowAnyOrigin(response);
  response.setHeader("Access-Control-Allow-Methods", "GET, HEAD");
  response.setHeader("Access-Control-Max-Age", "86400");
  response.statusCode = 204;
  response.end();
}
