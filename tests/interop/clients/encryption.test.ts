import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIENTS, TestLan, complete, type ClientName } from "../../support/clients/test-lan.js";
import { makeTorrent } from "../../support/clients/torrent-files.js";
import { hashFile, writeContent } from "../../support/file-content.js";
import { canMakeNetworks } from "../../support/namespace.js";
import type { ShoalProcess } from "../../support/processes.js";

const MIB = 1024 * 1024;
const DONE = { code: 0, signal: null };

/** WebTorrent always takes plain connections. */
const INSISTING: readonly ClientName[] = ["aria2c", "libtorrent", "Transmission"];

/** What goes to a swarm with one client that prefers encryption, and to the swarm with those that insist on it. */
const SHARES = [...CLIENTS.map((client) => `${client}.bin`), "insisting.bin"];

describe.skipIf(!canMakeNetworks)("clients that encrypt (needs network namespaces)", () => {
  let lan: TestLan;
  let seeder: ShoalProcess;
  const contents = new Map<string, string>();

  beforeAll(async () => {
    lan = await TestLan.open();
    for (const [index, name] of SHARES.entries()) {
      contents.set(name, await writeContent(lan.bed.path(name), 4 * MIB, index));
    }
    seeder = await lan.upload(SHARES);
  });

  afterAll(async () => {
    await lan.close();
  });

  /** Expects that a folder of the bed holds the share of that name. */
  async function expectShare(folder: string, name: string): Promise<void> {
    expect(await hashFile(lan.bed.path(folder, name)), folder).toBe(contents.get(name));
  }

  async function torrentOf(share: string): Promise<string> {
    const { infoHash } = await seeder.event("shared", ({ name }) => name === share);
    return await lan.torrentFile(infoHash);
  }

  it.concurrent.each(CLIENTS)("%s, which prefers encryption, gets a share of ours plainly", async (client) => {
    const torrent = await torrentOf(`${client}.bin`);
    await complete(await lan.join(client, torrent, client, { encryption: "preferred" }));
    await expectShare(client, `${client}.bin`);
  });

  it.concurrent.each(CLIENTS)("%s, which prefers encryption, seeds to us plainly", async (client) => {
    const folder = `${client}-seed`;
    const hash = await writeContent(lan.bed.path(folder, "theirs.bin"), 4 * MIB, 100 + CLIENTS.indexOf(client));
    const torrent = lan.bed.path(`${client}.torrent`);
    const infoHash = await makeTorrent(lan.bed.path(folder, "theirs.bin"), lan.announce, torrent);
    await lan.seeding(await lan.join(client, torrent, folder, { encryption: "preferred" }), infoHash);
    const downloader = await lan.download(torrent, `${client}-ours`);
    expect(await downloader.end(), downloader.said).toEqual(DONE);
    expect(await hashFile(lan.bed.path(`${client}-ours`, "theirs.bin"))).toBe(hash);
  });

  it.concurrent("who insists on encryption gets nothing, and nobody is disturbed", async () => {
    const torrent = await torrentOf("insisting.bin");
    const encryption = "required";
    const others = INSISTING.map((client) => lan.join(client, torrent, `insisting-${client}`, { encryption }));
    const insisting = await Promise.all(others);
    for (const round of [1, 2, 3]) {
      const downloader = await lan.download(torrent, `round-${round}`);
      expect(await downloader.end(), downloader.said).toEqual(DONE);
      await expectShare(`round-${round}`, "insisting.bin");
    }
    for (const peer of insisting) expect(await peer.held(), peer.client).not.toContain(true);
    expect(seeder.said).toBe("");
  });
});
