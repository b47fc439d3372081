import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** From RFC 6455, section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY = /^[+/0-9A-Za-z]{22}==$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Answers the opening handshake (RFC 6455, section 4.2). False when it is none, or the socket has closed already: then it
 * was answered with an HTTP status and is closing. Of the subprotocols that were offered it takes what `choose` does, the
 * first when that is left out: browsers insist on one.
 */
export function answerHandshake(
  request: IncomingMessage,
  stream: Duplex,
  choose: (offered: readonly string[]) => string | undefined = ([first]) => first,
): boolean {
  const { headers, method } = request;
  if (method !== "GET") return refuseUpgrade(stream, "405 Method Not Allowed", "Allow: GET\r\n");
  if (headers.upgrade?.toLowerCase() !== "websocket") return refuseUpgrade(stream, "400 Bad Request");
  const key = headers["sec-websocket-key"];
  if (key === undefined || !KEY.test(key)) return refuseUpgrade(stream, "400 Bad Request");
  const version = headers["sec-websocket-version"];
  // 8 is the last draft, which differs in nothing that a server sees.
  if (version !== "13" && version !== "8")
    return refuseUpgrade(stream, "400 Bad Request", "Sec-WebSocket-Version: 13, 8\r\n");
  const offered = headers["sec-websocket-protocol"]?.split(",").map((name) => name.trim());
  if (offered?.every((name) => TOKEN.test(name)) === false) return refuseUpgrade(stream, "400 Bad Request");
  if (!stream.readable || !stream.writable) {
    stream.destroy();
    return false;
  }
  const accept = createHash("sha1")
    .update(key + GUID)
    .digest("base64");
  const chosen = choose(offered ?? []);
  const protocol = chosen === undefined ? "" : `Sec-WebSocket-Protocol: ${chosen}\r\n`;
  stream.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\n${protocol}\r\n`,
  );
  return true;
}

/** Answers an upgrade with an HTTP status and closes; always false. */
export function refuseUpgrade(stream: Duplex, status: string, headers = ""): false {
  // Nobody else listens any more, and an unheard error would end the process.
  stream.on("error", () => stream.destroy());
  stream.once("finish", () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n${headers}\r\n`);
  return false;
}
