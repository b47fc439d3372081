import { concatBytes } from "@shoal/peer-core";
import { encodeRequest, parseTrackerMessage, toWireId } from "@shoal/peer-core/announce";
import type { Connection, PeerId } from "@shoal/peer-core";
import type { MemoryHost } from "@shoal/peer-core/testing";
import { frame, ID, RawPeer, servesContent, type RawBehaviour, type RawLink } from "../../support/raw-peer.js";
import { PEER_PORT } from "./live-process.js";
import { ProcessClock } from "./process-clock.js";
import type { VillainPlan } from "./scenario.js";
import { publicAddress, type OpenLine } from "./simulated-tracker.js";
import type { Stage } from "./stage.js";

/** It looks for new victims and goes back to old ones this often. */
const RAID_MS = 20_000;
/** Peers that it dials in one go. */
const VICTIMS = 4;
/** Peers that "faker" announces, and the half of them that are a door which is none. */
const FAKES = 8;
const FLOOD_MESSAGES = 200;
/** Its first flood is of more requests than anybody keeps, each for other bytes. */
const FIRST_FLOOD_MESSAGES = 2_500;
/** It tells of so many doors at its own address, where nobody listens. */
const DOORS_TOLD = 50;
/** Our own peers' id for BEP 11. */
const PEX_ID = 3;

/** A machine of a villain: comes, announces itself, takes links and dials peers, until it is ended. */
export class Villain {
  readonly name: string;
  readonly host: MemoryHost;
  readonly #stage: Stage;
  readonly #plan: VillainPlan;
  readonly #clock: ProcessClock;
  readonly #peer: RawPeer;
  readonly #lines: OpenLine[] = [];
  readonly #known = new Set<string>();
  #hasFlooded = false;

  constructor(stage: Stage, host: MemoryHost, plan: VillainPlan) {
    this.name = plan.name;
    this.host = host;
    this.#stage = stage;
    this.#plan = plan;
    this.#clock = new ProcessClock(stage.clock);
    const address = `tcp://${host.ipAddress}:${PEER_PORT}`;
    this.#peer = new RawPeer(host, stage.metainfo.infoHash, this.#behaviour(), address);
    host.unlisten();
    this.#clock.schedule(plan.joinMs, () => this.#come(address));
  }

  /** Ends all that it does. */
  end(): void {
    this.#clock.kill();
    for (const line of this.#lines) this.#trackers().forEach((tracker) => tracker.close(line, false));
    this.host.shutdown();
  }

  #come(address: string): void {
    this.#stage.note(this.name, `comes as ${this.#plan.kind}`);
    if (this.#plan.isDialable) this.host.listen(address, (connection: Connection) => this.#peer.take(connection));
    this.#announce();
    this.#raid();
  }

  #trackers() {
    return this.#plan.trackers.flatMap((name) => this.#stage.trackers.get(name) ?? []);
  }

  #announce(): void {
    const count = this.#plan.kind === "faker" ? FAKES : 1;
    for (const tracker of this.#trackers()) {
      for (let index = 0; index < count; index++) {
        const line = tracker.open(publicAddress(this.host.ipAddress), {
          onText: (text) => this.#onText(text),
          onLost: () => undefined,
        });
        if (line === undefined) continue;
        this.#lines.push(line);
        tracker.receive(line, encodeRequest(this.#request(index)));
      }
    }
  }

  #request(index: number) {
    const { infoHash } = this.#stage.metainfo;
    const peerId = `${"0".repeat(38)}${index.toString(16).padStart(2, "0")}` as PeerId;
    const port = !this.#plan.isDialable ? undefined : index % 2 === 0 ? PEER_PORT : PEER_PORT + index;
    return {
      type: "announce" as const,
      infoHash: toWireId(infoHash),
      peerId: toWireId(peerId),
      uploaded: 0,
      downloaded: 0,
      left: index % 3,
      event: "started" as const,
      numWant: 50,
      offers: undefined,
      port,
      endpoint: undefined,
      // One only: more could crowd out all others in what a tracker tells.
      isRelay: this.#plan.kind === "faker" && index === FAKES - 2,
      wantsNotice: true,
    };
  }

  #onText(text: string): void {
    const message = parseTrackerMessage(text);
    if (message?.type !== "announce" && message?.type !== "peers") return;
    for (const { endpoint } of message.peers) this.#known.add(endpoint);
    for (const relay of message.relays) this.#known.add(relay);
  }

  #raid(): void {
    const known = [...this.#known];
    for (let count = 0; count < VICTIMS && known.length > 0; count++) {
      const door = /^ws:\/\/(.+)\/peer$/.exec(this.#stage.random.pick(known))?.[1];
      if (door !== undefined) void this.#peer.dial(`tcp://${door}`).catch(() => undefined);
    }
    this.#clock.schedule(RAID_MS, () => this.#raid());
  }

  #behaviour(): RawBehaviour {
    const { content, random, scenario } = this.#stage;
    const claimAll = (link: RawLink): void => {
      link.hello();
      link.say(ID.haveAll);
      link.say(ID.unchoke);
    };
    switch (this.#plan.kind) {
      case "spoiler":
        return servesContent(content, scenario.pieceLength, () => random.int(3) === 0);
      case "liar":
        return { onOpen: claimAll };
      case "mute":
      case "faker":
        return { onOpen: () => undefined };
      case "flood":
        return {
          onOpen: (link) => {
            link.hello();
            link.say(ID.haveNone);
            link.say(ID.interested);
            this.#tellOfDoors(link);
          },
          onMessage: (link, { id }) => {
            if (id === ID.unchoke) this.#flood(link);
          },
        };
      case "babbler":
        return { onOpen: (link) => this.#babble(link) };
    }
  }

  #flood(link: RawLink): void {
    const { random, scenario } = this.#stage;
    const messages = this.#hasFlooded ? FLOOD_MESSAGES : FIRST_FLOOD_MESSAGES;
    this.#hasFlooded = true;
    const frames: Uint8Array[] = [];
    for (let count = 0; count < messages; count++) {
      // The last piece may be short: what is asked of it beyond its end would be an offence.
      frames.push(frame(ID.request, random.int(Math.max(1, scenario.pieceCount - 1)), 0, 1 + random.int(16_384)));
      if (count % 4 === 0) frames.push(frame(ID.have, random.int(scenario.pieceCount)));
    }
    link.raw(...frames);
  }

  #tellOfDoors(link: RawLink): void {
    const address = this.host.ipAddress.split(".").map(Number);
    const doors = Array.from({ length: DOORS_TOLD }, (_, index) => [...address, 0x20, index]);
    link.sayExtended(PEX_ID, { added: Uint8Array.from(doors.flat()) });
  }

  #babble(link: RawLink): void {
    const { random } = this.#stage;
    if (random.int(3) > 0) link.hello();
    const noise = Array.from({ length: 1 + random.int(4) }, () => {
      const length = random.int(40);
      return concatBytes([new Uint8Array([0, 0, 0, length + 1, random.int(24)]), random.bytes(length)]);
    });
    link.raw(...noise);
  }
}
