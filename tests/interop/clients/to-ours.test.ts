import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIENTS, TestLan } from "../../support/clients/test-lan.js";
import { makeTorrent } from "../../support/clients/torrent-files.js";
import { hashFile, writeContent } from "../../support/file-content.js";
import { canMakeNetworks } from "../../support/namespace.js";

const MIB = 1024 * 1024;
const DONE = { code: 0, signal: null };

/** Files whose ends fall into the middle of pieces, and names in Unicode. */
const FOLDER = { "a/žluť.bin": 3 * MIB + 1, "b/日本.bin": 5 * MIB + 77_777, "c.txt": 13 };

describe.skipIf(!canMakeNetworks)("shares of others, made by mktorrent (needs network namespaces)", () => {
  let lan: TestLan;

  beforeAll(async () => {
    lan = await TestLan.open();
  });

  afterAll(async () => {
    await lan.close();
  });

  it.concurrent.each(CLIENTS)("%s seeds a folder to us, who have the .torrent file", async (client) => {
    const hashes = new Map<string, string>();
    // Content of its own for everybody: the same would be one swarm.
    const at = CLIENTS.indexOf(client);
    for (const [index, [path, size]] of Object.entries(FOLDER).entries()) {
      hashes.set(path, await writeContent(lan.bed.path(client, "folder", path), size, 10 * at + index));
    }
    const torrent = lan.bed.path(`folder-${client}.torrent`);
    const infoHash = await makeTorrent(lan.bed.path(client, "folder"), lan.announce, torrent);
    await lan.seeding(await lan.join(client, torrent, client), infoHash);
    const downloader = await lan.download(torrent, `ours-${client}`);
    expect(await downloader.end(), downloader.said).toEqual(DONE);
    for (const [path, hash] of hashes) {
      expect(await hashFile(lan.bed.path(`ours-${client}`, "folder", path)), path).toBe(hash);
    }
  });

  it.concurrent.each(CLIENTS)(
    "%s seeds a file to us, who have a magnet and its metadata from there",
    async (client) => {
      const folder = `magnet-${client}`;
      const hash = await writeContent(lan.bed.path(folder, "file.bin"), 12 * MIB + 5, 1 + CLIENTS.indexOf(client));
      const torrent = lan.bed.path(`file-${client}.torrent`);
      const infoHash = await makeTorrent(lan.bed.path(folder, "file.bin"), lan.announce, torrent);
      await lan.seeding(await lan.join(client, torrent, folder), infoHash);
      const magnet = `magnet:?xt=urn:btih:${infoHash}&tr=${encodeURIComponent(lan.announce)}`;
      const downloader = await lan.download(magnet, `ours-${folder}`);
      expect(await downloader.end(), downloader.said).toEqual(DONE);
      expect(await hashFile(lan.bed.path(`ours-${folder}`, "file.bin"))).toBe(hash);
    },
  );
});
