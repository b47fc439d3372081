import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askUntil } from "../../support/clients/ask-until.js";
import { TestLan, type ClientName } from "../../support/clients/test-lan.js";
import { writeContent } from "../../support/file-content.js";
import { canMakeNetworks } from "../../support/namespace.js";
import type { EventOf, ShoalProcess } from "../../support/processes.js";

const MIB = 1024 * 1024;
/** So slow that nobody is a seed before the others have met. */
const SLOW = ["--up", "150K"];
/** WebTorrent tells of nobody in its first minute: too long for a test. */
const TELLERS: readonly ClientName[] = ["aria2c", "libtorrent", "Transmission"];
/** Nobody answers there. */
const WITHOUT_TRACKER = ["--tracker", "http://10.255.255.1:1/announce"];

describe.skipIf(!canMakeNetworks)("peers that are told of by others alone (needs network namespaces)", () => {
  let lan: TestLan;

  beforeAll(async () => {
    lan = await TestLan.open();
  });

  afterAll(async () => {
    await lan.close();
  });

  it.concurrent.each(TELLERS)("ours finds our seeder through %s, and no tracker", async (client) => {
    const { seeder, infoHash } = await seed(`by-${client}.bin`);
    const limit = { bytesPerSecond: 20_000 };
    const teller = await lan.join(client, await lan.torrentFile(infoHash), `teller-${client}`, limit);
    const hasBegun = async () => ((await teller.held()).some(Boolean) ? true : undefined);
    await askUntil(hasBegun, () => `${client} has not begun: ${teller.said}`);
    const host = hostOf(await connected(seeder));
    const link = magnet(infoHash, await dialableAt(infoHash, host));
    const leech = await lan.run(["download", link, "-o", lan.bed.path(`leech-${client}`), ...WITHOUT_TRACKER]);
    expect(hostOf(await connected(leech))).toBe(host);
    await connected(leech, (peer) => hostOf(peer) !== host);
  });

  it.concurrent("libtorrent finds our seeder through a peer of ours", async () => {
    const { seeder, infoHash } = await seed("by-ours.bin");
    await lan.download(await lan.torrentFile(infoHash), "teller-ours", "--listen", "7000", "--up", "20K");
    const host = hostOf(await connected(seeder));
    await lan.join("libtorrent", magnet(infoHash, `${host}:7000`), "to-libtorrent");
    await connected(seeder, (peer) => hostOf(peer) !== host);
  });

  async function seed(name: string): Promise<{ seeder: ShoalProcess; infoHash: string }> {
    await writeContent(lan.bed.path(name), 8 * MIB, name.length);
    const seeder = await lan.upload([name], ...SLOW);
    return { seeder, infoHash: (await seeder.event("shared")).infoHash };
  }

  /** HOST:PORT at which a client has told the hub's tracker that it listens. */
  async function dialableAt(infoHash: string, host: string): Promise<string> {
    const ids = `info_hash=${infoHash.replaceAll(/../g, "%$&")}&peer_id=-XX0000-aaaaaaaaaaaa`;
    const { body } = await lan.network.ask(`${lan.announce}?${ids}&port=1&left=1&uploaded=0&downloaded=0&compact=1`);
    const at = body.indexOf(Buffer.from(host.split(".").map(Number)));
    expect(at).toBeGreaterThan(0);
    return `${host}:${body.readUInt16BE(at + 4)}`;
  }
});

type Peer = EventOf<"peer">;

function connected(process: ShoalProcess, matches: (peer: Peer) => boolean = () => true): Promise<Peer> {
  return process.event("peer", (peer) => peer.change === "connected" && matches(peer));
}

function hostOf({ address }: Peer): string {
  return /\d+\.\d+\.\d+\.\d+/.exec(address)?.[0] ?? address;
}

function magnet(infoHash: string, peer: string): string {
  return `magnet:?xt=urn:btih:${infoHash}&x.pe=${peer}`;
}
