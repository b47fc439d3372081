import { WebSocket } from "ws";
import type { WebSocketLike } from "@shoal/peer-core/platform";

/** A real WebSocket shown as browsers show theirs: no callbacks, no `terminate`, and only the close codes a page may use. */
export class BrowserLikeWebSocket implements WebSocketLike {
  onopen: WebSocketLike["onopen"] = null;
  onmessage: WebSocketLike["onmessage"] = null;
  onerror: WebSocketLike["onerror"] = null;
  onclose: WebSocketLike["onclose"] = null;
  readonly #socket: WebSocket;

  constructor(address: string) {
    this.#socket = new WebSocket(address, ["bittorrent"], { perMessageDeflate: false });
    this.#socket.onopen = () => this.onopen?.({});
    this.#socket.onmessage = ({ data }) => this.onmessage?.({ data });
    this.#socket.onerror = () => this.onerror?.({});
    this.#socket.onclose = ({ code, reason }) => this.onclose?.({ code, reason });
  }

  get binaryType(): string {
    return this.#socket.binaryType;
  }

  set binaryType(type: string) {
    if (type !== "arraybuffer" && type !== "blob") throw new TypeError(`Browsers know no ${type}`);
    this.#socket.binaryType = "arraybuffer";
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  send(bytes: Uint8Array): void {
    // A browser takes its own copy.
    this.#socket.send(bytes.slice());
  }

  close(code?: number, reason?: string): void {
    if (code !== undefined && code !== 1000 && (code < 3000 || code > 4999))
      throw new TypeError(`${code} is not for pages`);
    if (new TextEncoder().encode(reason).length > 123) throw new SyntaxError("The reason is too long");
    this.#socket.close(code, reason);
  }
}
