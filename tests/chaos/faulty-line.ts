import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Carriage } from "./carriage.js";
import { CALM, type LineMood } from "./line-mood.js";

/** Which way is lost: to the server, back from it, or both. */
export type LostWay = "both" | "there" | "back";

/** A link whose ends do not hear each other any more: when each of them had given it up. */
export interface DeadLink {
  readonly line: string;
  readonly lost: LostWay;
  readonly sinceMs: number;
  nearGoneMs: number | undefined;
  farGoneMs: number | undefined;
}

interface Link {
  readonly near: Socket;
  readonly far: Socket;
  readonly there: Carriage;
  readonly back: Carriage;
}

/** A TCP way to a port of this machine on which anything can go wrong that goes wrong on the way to another one. */
export class FaultyLine {
  readonly port: number;
  readonly name: string;
  readonly mood: LineMood = { ...CALM };
  /** Every link that was ever made half-open here. */
  readonly dead: DeadLink[] = [];
  readonly #server: Server;
  readonly #links = new Set<Link>();

  private constructor(name: string, server: Server) {
    this.name = name;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async open(name: string, targetPort: number): Promise<FaultyLine> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const line = new FaultyLine(name, server);
    server.on("connection", (near) => line.#join(near, targetPort));
    return line;
  }

  get openLinks(): number {
    return this.#links.size;
  }

  /** Ends all links, politely or by a reset; returns how many. */
  cut(how: "end" | "reset"): number {
    const links = [...this.#links];
    for (const { near, far } of links) {
      for (const socket of [near, far]) {
        if (how === "reset") socket.resetAndDestroy();
        else socket.destroy();
      }
    }
    return links.length;
  }

  /** From now on the ends of all links there are do not hear each other, or one of them not the other. Returns how many. */
  lose(lost: LostWay): number {
    const links = [...this.#links];
    for (const link of links) this.#kill(link, lost);
    return links.length;
  }

  /** To be called when the mood has changed. */
  refresh(): void {
    for (const { there, back } of this.#links) {
      there.pump();
      back.pump();
    }
  }

  calm(): void {
    Object.assign(this.mood, CALM);
    this.refresh();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut("end");
    await closed;
  }

  #join(near: Socket, targetPort: number): void {
    near.on("error", () => undefined);
    if (this.mood.refusing) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    far.on("error", () => undefined);
    const link = { near, far, there: new Carriage(near, far, this.mood), back: new Carriage(far, near, this.mood) };
    this.#links.add(link);
    near.on("close", () => this.#gone(link));
    far.on("close", () => this.#gone(link));
  }

  #gone(link: Link): void {
    if (link.there.isLost || link.back.isLost) return;
    this.#links.delete(link);
    link.near.destroy();
    link.far.destroy();
  }

  #kill(link: Link, lost: LostWay): void {
    if (link.there.isLost || link.back.isLost) return;
    const { near, far } = link;
    const dead: DeadLink = { line: this.name, lost, sinceMs: Date.now(), nearGoneMs: undefined, farGoneMs: undefined };
    this.dead.push(dead);
    if (lost !== "back") link.there.lose();
    if (lost !== "there") link.back.lose();
    // What one end gives up reaches the other only on the way that is not lost.
    const onGone = () => {
      if (near.destroyed && lost === "back") far.destroy();
      if (far.destroyed && lost === "there") near.destroy();
      if (near.destroyed && far.destroyed) this.#links.delete(link);
    };
    for (const [socket, field] of [
      [near, "nearGoneMs"],
      [far, "farGoneMs"],
    ] as const) {
      const gone = () => {
        dead[field] ??= Date.now();
        socket.destroy();
        onGone();
      };
      // What has ended already says so no more, if the other end has not heard of it yet.
      if (socket.destroyed || socket.readableEnded) gone();
      socket.on("end", gone).on("close", gone);
    }
  }
}
